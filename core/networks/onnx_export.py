"""A network as an ONNX graph, for runtimes without torch."""

from __future__ import annotations

import warnings

import torch

WINDOWS, CONDITIONS, LOGITS = "windows", "conditions", "logits"
_N_CONDITIONS = 5
_EXAMPLE_WINDOWS = 2


def export_onnx(network: torch.nn.Module, *, n_samples: int, needs_conditions: bool = False) -> bytes:
    """Export a network in evaluation mode with its weights inside; any number of windows per call.

    Parameters
    ----------
    network
        A module that maps windows, and conditions where it needs them, to logits.
    n_samples
        Window length, fixed in the graph.
    needs_conditions
        Whether the spec of the network has ``needs``.

    Returns
    -------
    bytes
        A graph with the inputs ``windows`` ``(n, n_samples)`` and, where needed, ``conditions`` ``(n, 5)``,
        both float32, and the output ``logits`` ``(n, n_classes)``.
    """
    names = [WINDOWS, CONDITIONS] if needs_conditions else [WINDOWS]
    shapes = ((_EXAMPLE_WINDOWS, n_samples), (_EXAMPLE_WINDOWS, _N_CONDITIONS))[: len(names)]
    n_windows = torch.export.Dim("n_windows", min=1)
    with warnings.catch_warnings():
        # The exporter warns about torch's own internals; nothing that a caller could change.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network.eval(),
            tuple(torch.ones(shape) for shape in shapes),
            input_names=names,
            output_names=[LOGITS],
            dynamo=True,
            dynamic_shapes=tuple({0: n_windows} for _ in shapes),
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch returned no ONNX program")
    exported: bytes = program.model_proto.SerializeToString()
    return exported
