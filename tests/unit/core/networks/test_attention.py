"""Self-attention, against torch's own layer."""

from __future__ import annotations

import torch

from core.networks.attention import SelfAttention, TransformerBlock


def test_self_attention_equals_torchs_layer() -> None:
    torch.manual_seed(0)
    layer, reference = SelfAttention(12, 3, 0.0), torch.nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(layer.project.weight)
        reference.in_proj_bias.zero_()
        reference.out_proj.weight.copy_(layer.join.weight)
        reference.out_proj.bias.copy_(layer.join.bias)
    steps = torch.randn(4, 9, 12)
    expected, _ = reference(steps, steps, steps)
    torch.testing.assert_close(layer(steps), expected)


def test_a_block_forgets_the_order_of_the_steps_and_mixes_them() -> None:
    torch.manual_seed(0)
    block, steps = TransformerBlock(8, 2, 0.0), torch.randn(1, 5, 8)
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(block(steps[:, order]), block(steps)[:, order])
    changed = steps.clone()
    changed[0, 4] += torch.randn(8)
    assert (block(changed)[0, :4] - block(steps)[0, :4]).abs().max() > 1e-4
