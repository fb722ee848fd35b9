"""Batches that are dicts reach every kind of model."""

import pytest
import torch
from torch import nn

from ravine.data.forward import forward, takes_by_name
from ravine.errors import RavineError

BATCH = {"x": torch.ones(2, 3), "mask": torch.zeros(2)}


class ByName(nn.Module):
    def forward(self, mask, x, scale=2.0):
        return x.sum(1) * scale + mask


class AsDict(nn.Module):
    def forward(self, batch, scale=1.0):
        return batch["x"].sum(1) * scale + batch["mask"]


class Everything(nn.Module):
    def forward(self, **inputs):
        return inputs["x"].sum(1) + inputs["mask"]


class Rest(nn.Module):
    def forward(self, x, **others):
        return x.sum(1) + others["mask"]


class Some(nn.Module):
    def forward(self, x):
        return x


class More(nn.Module):
    def forward(self, x, mask, age):
        return x + mask + age


@pytest.mark.parametrize(("model", "expected"), [(ByName, 6), (AsDict, 3), (Everything, 3), (Rest, 3)])
def test_each_model_gets_the_dict_as_it_asks(model, expected):
    assert forward(model(), BATCH, {}).tolist() == [expected, expected]


def test_pytorchs_own_layers_get_the_only_input():
    model = nn.Sequential(nn.Linear(3, 1))
    torch.testing.assert_close(forward(model, {"features": BATCH["x"]}, {}), model(BATCH["x"]))


def test_it_is_decided_once_for_each_model():
    known, model = {}, ByName()
    forward(model, BATCH, known)
    assert known == {model: True}
    known[model] = False
    with pytest.raises(TypeError):
        forward(model, BATCH, known)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Some, "Some.forward takes x, but a batch holds x, mask: name them all, or take one dict"),
        (More, "More.forward takes x, mask, age, but a batch holds x, mask"),
    ],
)
def test_a_model_that_names_some_is_told(model, says):
    with pytest.raises(RavineError, match=says):
        takes_by_name(model(), list(BATCH))
