"""Which parameters weight decay is kept off, in small models of all kinds."""

import pytest
import torch
from torch import nn

from ravine.errors import RavineError
from ravine.optim import AdamW, Optimizer, decay_groups
from ravine.rules import SGD, Decay

from .cases import sentence


def names(groups):
    return {group["weight_decay"]: [name for name, _ in group["params"]] for group in groups}


class Transformer(nn.Module):
    """A block with an embedding tied to its output."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.block = nn.TransformerEncoderLayer(4, 2, 8)
        self.scale = nn.Parameter(torch.ones(()))
        self.output = nn.Linear(4, 7)
        self.output.weight = self.embedding.weight


class ScaleNorm(nn.Module):
    """A norm as a user writes one, with a gain of two dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, 4))


def test_matrices_filters_and_embeddings_decay_and_a_tied_weight_comes_once():
    decaying = ["embedding.weight", "block.self_attn.in_proj_weight", "block.self_attn.out_proj.weight"]
    found = names(decay_groups(Transformer(), 0.1))
    assert found[0.1] == [*decaying, "block.linear1.weight", "block.linear2.weight"]
    assert found[0.0] == [
        "scale",
        *(f"block.self_attn.{name}" for name in ("in_proj_bias", "out_proj.bias")),
        *(f"block.{layer}.{name}" for layer, name in [("linear1", "bias"), ("linear2", "bias")]),
        *(f"block.norm{k}.{name}" for k in (1, 2) for name in ("weight", "bias")),
        "output.bias",
    ]


@pytest.mark.parametrize(
    "norm",
    [
        nn.BatchNorm2d(4),
        nn.InstanceNorm1d(4, affine=True),
        nn.GroupNorm(2, 4),
        nn.LayerNorm((4, 3)),
        nn.RMSNorm((4, 3)),
        ScaleNorm(),
    ],
)
def test_no_layer_that_normalizes_decays_however_many_dimensions_it_has(norm):
    found = names(decay_groups(nn.Sequential(nn.Conv2d(1, 4, 3), norm), 0.5))
    assert found == {0.5: ["0.weight"], 0.0: ["0.bias", *(f"1.{name}" for name, _ in norm.named_parameters())]}


def test_what_needs_no_gradient_is_left_out_and_an_empty_group_too():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, bias=False))
    model[0].requires_grad_(False)
    assert names(decay_groups(model, 0.1)) == {0.1: ["1.weight"]}
    assert names(decay_groups(nn.LayerNorm(3), 0.1)) == {0.0: ["weight", "bias"]}


def test_optimizers_of_all_kinds_take_the_groups_and_decay_what_they_should():
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1)).double()
    drop_in = AdamW(decay_groups(model, 0.5), lr=0.1)
    assert drop_in.param_groups[1]["param_names"] == ["0.bias", "1.weight", "1.bias", "2.bias"]
    assert len(torch.optim.AdamW(decay_groups(model, 0.5)).param_groups) == 2
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    drop_in.step()
    for name, p in model.named_parameters():
        kept = 0.95 if name in ("0.weight", "2.weight") else 1.0
        torch.testing.assert_close(p.detach(), kept * before[name], rtol=0, atol=1e-15)


def test_a_rule_takes_them_under_the_name_of_its_own_field():
    model = nn.Linear(2, 1).double()
    groups = [{"params": group["params"], "decay_l2": group["weight_decay"]} for group in decay_groups(model, 0.5)]
    optimizer = Optimizer(groups, Decay(SGD(lr=1.0)))
    before = model.weight.detach().clone(), model.bias.detach().clone()
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    assert torch.equal(model.weight, 0.5 * before[0])
    assert torch.equal(model.bias, before[1])


def test_what_cannot_be_is_refused():
    assert "weight_decay must be at least 0, got -0.1" in sentence(lambda: decay_groups(nn.Linear(1, 1), -0.1))
    assert "no parameter of the model requires a gradient" in sentence(lambda: decay_groups(nn.ReLU(), 0.1))
    with pytest.raises(RavineError, match="weight_decay must be at least 0, got nan"):
        decay_groups(nn.Linear(1, 1), float("nan"))
