"""Beginning with the weights of a classifier that was trained before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from core.training.network_model import arrays_to_tensors
from core.training.plan import ParentWeights
from utils.exceptions import InvalidInputError


def take_parent_weights(
    network: torch.nn.Module,
    parent: ParentWeights,
    class_names: Sequence[str],
    on_message: Callable[[str], None],
) -> None:
    """Copy the parent's weights into a network as far as they fit; the last layer only for equal classes.

    Raises
    ------
    InvalidInputError
        None of them fits.
    """
    own = network.state_dict()
    head = {f"{find_head_name(network)}.{name}" for name in find_head(network).state_dict()}
    keeps_head = tuple(parent.class_names) == tuple(class_names)
    taken = {
        name: tensor
        for name, tensor in arrays_to_tensors(dict(parent.arrays)).items()
        if name in own and own[name].shape == tensor.shape and (keeps_head or name not in head)
    }
    if not taken:
        raise InvalidInputError(
            "None of the weights of the experiment to begin from fits this network: "
            "give both the same options."
        )
    network.load_state_dict({**own, **taken})
    new = sorted(own.keys() - taken.keys())
    told = f"; new: {', '.join(new)}" if new else ""
    on_message(f"Begins with {len(taken)} of {len(own)} arrays of classifier {parent.sha256[:12]}{told}.")


def freeze_below_head(network: torch.nn.Module) -> None:
    """Let only the last layer learn."""
    network.requires_grad_(False)
    find_head(network).requires_grad_(True)


def find_head(network: torch.nn.Module) -> torch.nn.Module:
    """Return the layer that decides."""
    return network.get_submodule(find_head_name(network))


def find_head_name(network: torch.nn.Module) -> str:
    """Return the name of the layer that decides: ``head``, otherwise the last linear one."""
    names = [name for name, module in network.named_modules() if isinstance(module, torch.nn.Linear)]
    return "head" if hasattr(network, "head") or not names else names[-1]
