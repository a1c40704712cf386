"""One contract for everything that is registered as a network."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import torch

from core.networks.onnx_export import export_onnx
from core.networks.options import OptionSpec
from core.networks.registry import NETWORKS, NetworkSpec, build_network, get_network_spec, validate_options
from core.training.network_model import compute_logits
from utils.exceptions import ErrorCode, InvalidInputError

TORCH_NETWORKS = [name for name, spec in NETWORKS.items() if spec.family == "network"]
N_CLASSES = 3
RATE_HZ = 12_000.0
# One machine for all windows: shaft frequency, then the orders of bpfo, bpfi, bsf and ftf.
MACHINE = torch.tensor([30.0, 3.585, 5.415, 2.357, 0.398])


def build(name: str, n_samples: int = 600, seed: int = 0, **own: object) -> torch.nn.Module:
    torch.manual_seed(seed)
    options = validate_options(name, own)
    return build_network(name, options, n_samples=n_samples, n_classes=N_CLASSES, sample_rate_hz=RATE_HZ)


def call(name: str, network: torch.nn.Module, windows: torch.Tensor) -> torch.Tensor:
    """Call a network as training and prediction do."""
    conditions = MACHINE.repeat(len(windows), 1).numpy() if NETWORKS[name].needs else None
    return compute_logits(network, windows, conditions)


def compute_loss(
    name: str, network: torch.nn.Module, windows: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """Everything that training brings down."""
    logits = call(name, network, windows)
    loss = torch.nn.functional.cross_entropy(logits, targets)
    if hasattr(network, "extra_loss"):
        shares = torch.nn.functional.one_hot(targets, N_CLASSES).float()
        loss = loss + network.extra_loss(logits, shares, windows, MACHINE.repeat(len(windows), 1))
    return loss


def draw_windows(n_windows: int, n_samples: int = 600) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(5).standard_normal((n_windows, n_samples))).float()


@pytest.mark.parametrize("name", TORCH_NETWORKS)
@pytest.mark.parametrize("n_samples", [16, 17, 100, 600, 3001])
def test_any_window_length_gives_finite_logits_of_the_right_shape(name: str, n_samples: int) -> None:
    logits = call(name, build(name, n_samples), draw_windows(5, n_samples))
    assert logits.shape == (5, N_CLASSES)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_silent_and_huge_windows_stay_finite(name: str) -> None:
    network = build(name).eval()
    assert torch.isfinite(call(name, network, torch.zeros(2, 600))).all()
    assert torch.isfinite(call(name, network, 1e6 * draw_windows(2))).all()


@pytest.mark.parametrize("name", TORCH_NETWORKS)
@pytest.mark.parametrize("n_samples", [16, 600])
def test_a_batch_of_one_trains_and_predicts(name: str, n_samples: int) -> None:
    network = build(name, n_samples)
    compute_loss(name, network, draw_windows(1, n_samples), torch.tensor([1])).backward()
    assert call(name, network.eval(), draw_windows(1, n_samples)).shape == (1, N_CLASSES)


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_gradient_reaches_every_parameter(name: str) -> None:
    network = build(name, 2400)
    compute_loss(name, network, draw_windows(8, 2400), torch.arange(8) % N_CLASSES).backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 1e-9, parameter_name


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_the_same_seed_gives_the_same_network_and_another_seed_another(name: str) -> None:
    windows = draw_windows(4)
    first, again, other = (call(name, build(name, seed=seed).eval(), windows) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_the_same_seed_gives_the_same_gradient(name: str) -> None:
    found = []
    for _ in range(2):
        network = build(name)
        compute_loss(name, network, draw_windows(6), torch.arange(6) % N_CLASSES).backward()
        found.append(torch.cat([parameter.grad.flatten() for parameter in network.parameters()]))
    assert torch.equal(*found)


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_state_round_trip_gives_the_same_logits(name: str) -> None:
    network, fresh = build(name, seed=1), build(name, seed=2)
    call(name, network, draw_windows(8))  # moves the running statistics
    fresh.load_state_dict(network.state_dict())
    windows = draw_windows(4)
    assert torch.equal(call(name, network.eval(), windows), call(name, fresh.eval(), windows))


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_a_window_is_judged_alike_alone_and_in_a_batch(name: str) -> None:
    network, windows = build(name).eval(), draw_windows(6)
    alone = torch.cat([call(name, network, window[None]) for window in windows])
    torch.testing.assert_close(call(name, network, windows), alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_a_network_can_learn_four_windows_by_heart(name: str) -> None:
    known = {option.name for option in NETWORKS[name].options}
    network = build(name, 600, **({"dropout": 0.0} if "dropout" in known else {}))
    windows, targets = draw_windows(4), torch.tensor([0, 1, 1, 0])
    optimiser = torch.optim.Adam(network.parameters(), lr=0.005)
    for _ in range(40):
        optimiser.zero_grad()
        compute_loss(name, network, windows, targets).backward()
        optimiser.step()
    logits = call(name, network, windows)
    assert torch.nn.functional.cross_entropy(logits, targets).item() < 0.1


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_the_deciding_layer_is_called_head(name: str) -> None:
    heads = [part for path, part in build(name).named_modules() if path.split(".")[-1] == "head"]
    assert [head.out_features for head in heads] == [N_CLASSES]


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_an_onnx_runtime_gives_the_same_logits_for_any_number_of_windows(name: str) -> None:
    network = build(name)
    for _ in range(3):
        call(name, network.train(), 2.0 * draw_windows(8))  # running statistics that are not 0 and 1
    needs_conditions = bool(NETWORKS[name].needs)
    graph = export_onnx(network, n_samples=600, needs_conditions=needs_conditions)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for n_windows in (1, 7):
        windows = draw_windows(n_windows)
        inputs = {"windows": windows.numpy()}
        if needs_conditions:
            inputs["conditions"] = MACHINE.repeat(n_windows, 1).numpy()
        with torch.inference_mode():
            expected = call(name, network.eval(), windows).numpy()
        np.testing.assert_allclose(session.run(["logits"], inputs)[0], expected, atol=1e-4)


def test_networks_that_ask_for_the_machine_listen_to_it() -> None:
    windows, other = draw_windows(3, 6000), MACHINE.clone()
    other[0] = 21.0
    for name in TORCH_NETWORKS:
        if NETWORKS[name].needs:
            network = build(name, 6000).eval()
            slower = compute_logits(network, windows, other.repeat(3, 1).numpy())
            assert not torch.allclose(call(name, network, windows), slower), name


@pytest.mark.parametrize("name", ["lstm", "bilstm_attention", "cnn_lstm"])
def test_long_windows_stay_cheap_because_the_network_strides(name: str) -> None:
    steps = []
    network = build(name, 24_000).eval()
    network.lstm.register_forward_hook(lambda _module, inputs, _output: steps.append(inputs[0].shape[1]))
    call(name, network, draw_windows(1, 24_000))
    assert steps[0] <= 24_000 / 16 + 1


@pytest.mark.parametrize("spec", NETWORKS.values(), ids=NETWORKS)
def test_a_spec_is_complete(spec: NetworkSpec) -> None:
    names = [option.name for option in spec.options]
    assert len(set(names)) == len(names)
    assert set(spec.own_options) <= set(names)
    assert {"window_s", "hop_s", "analysis_rate_hz"} <= set(names)
    assert all(option.help.endswith(".") for option in spec.options)
    assert spec.title and spec.description.endswith(".")
    assert callable(spec.load_builder())


@pytest.mark.parametrize("spec", NETWORKS.values(), ids=NETWORKS)
def test_defaults_pass_their_own_check(spec: NetworkSpec) -> None:
    defaults = validate_options(spec.name, {})
    assert validate_options(spec.name, defaults) == defaults


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_networks_share_the_training_options(name: str) -> None:
    assert {"epochs", "batch_size", "learning_rate", "weight_decay", "patience"} <= set(
        validate_options(name, {})
    )


def test_texts_become_values() -> None:
    found = validate_options("lstm", {"epochs": "5", "learning_rate": "1e-3", "hop_s": "", "window_s": 1})
    assert (found["epochs"], found["learning_rate"], found["hop_s"], found["window_s"]) == (
        5,
        1e-3,
        None,
        1.0,
    )
    assert validate_options("random_forest", {"use_shaft_speed": "True"})["use_shaft_speed"] is True


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="lstm") as caught:
        validate_options("perceptron_deluxe", {})
    assert caught.value.code is ErrorCode.UNKNOWN_NETWORK


def test_an_unknown_option_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"has no option 'n_trees'.*epochs.*window_s") as caught:
        validate_options("lstm", {"n_trees": 3})
    assert caught.value.code is ErrorCode.UNKNOWN_OPTION


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("epochs", 0),
        ("epochs", "many"),
        ("epochs", 2.5),
        ("epochs", None),
        ("epochs", True),
        ("learning_rate", "nan"),
        ("learning_rate", 7),
        ("dropout", -0.1),
        ("window_s", ""),
    ],
)
def test_a_value_outside_the_limits_is_refused(option: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match=option) as caught:
        validate_options("lstm", {option: value})
    assert caught.value.code is ErrorCode.INVALID_INPUT


def test_choices_and_truth_values_are_checked() -> None:
    choice = OptionSpec("window", "choice", "hann", choices=("hann", "flat"), help="Taper.")
    assert choice.parse(" flat ") == "flat"
    with pytest.raises(InvalidInputError, match="hann, flat"):
        choice.parse("kaiser")
    with pytest.raises(InvalidInputError, match="true or false"):
        OptionSpec("on", "bool", False).parse("perhaps")


def test_a_classical_model_is_not_built_as_a_network() -> None:
    assert get_network_spec("random_forest").family == "classical"
    with pytest.raises(InvalidInputError):
        build_network("random_forest", {}, n_samples=100, n_classes=2, sample_rate_hz=1000.0)


def test_the_registry_loads_neither_torch_nor_sklearn() -> None:
    program = (
        "import sys, core.networks.registry, core.training, core.networks;"
        "print([m for m in ('torch', 'sklearn') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
