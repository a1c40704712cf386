"""The optimisers by the names of the option."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from core.training.plan import TrainingPlan


def build_optimiser(parameters: Iterable[torch.nn.Parameter], plan: TrainingPlan) -> torch.optim.Optimizer:
    """Build the optimiser that the plan's options name; the schedule sets its learning rate at every step."""
    chosen = list(parameters)
    rate, decay = plan.get_number("learning_rate"), plan.get_number("weight_decay")
    momentum = plan.get_number("momentum")
    match plan.options["optimiser"]:
        case "adam":
            return torch.optim.Adam(chosen, lr=rate, weight_decay=decay)
        case "sgd":
            nesterov = momentum > 0.0
            return torch.optim.SGD(chosen, lr=rate, weight_decay=decay, momentum=momentum, nesterov=nesterov)
        case "rmsprop":
            return torch.optim.RMSprop(chosen, lr=rate, weight_decay=decay, momentum=momentum)
        case _:
            return torch.optim.AdamW(chosen, lr=rate, weight_decay=decay)
