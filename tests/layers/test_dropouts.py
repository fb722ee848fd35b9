"""Dropout by all its masks: what it is on average, where gradients pass, and how its two forms differ."""

import itertools
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from ravine.errors import RavineError
from ravine.layers import Dropout
from ravine.layers.dropouts import Masked

SHARES = st.sampled_from([0.1, 0.25, 0.5, 0.9])
X = torch.tensor([[0.3, -1.2, 2.0], [1.0, 0.5, -0.7]], dtype=torch.float64)


def masks(count: int, keep: float):
    """Every mask of so many units with its probability."""
    for kept in itertools.product([0.0, 1.0], repeat=count):
        ones = sum(kept)
        yield torch.tensor(kept, dtype=torch.float64), keep**ones * (1 - keep) ** (count - ones)


@given(SHARES, st.sampled_from(["training", "test"]))
def test_on_average_over_all_masks_training_gives_the_output_at_test(keep, scaled):
    layer = Dropout(keep=keep, scaled=scaled).eval()
    scale = 1 / keep if scaled == "training" else 1.0
    mean = sum(probability * Masked.apply(X, mask, scale) for mask, probability in masks(3, keep))
    torch.testing.assert_close(mean, layer(X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_the_two_forms_differ_by_the_factor_keep_alone(training):
    outputs = []
    for scaled in ("training", "test"):
        torch.manual_seed(3)
        outputs.append(Dropout(keep=0.8, scaled=scaled).train(training)(X))
    torch.testing.assert_close(0.8 * outputs[0], outputs[1], rtol=1e-12, atol=0)


@given(SHARES, st.sampled_from(["training", "test"]))
def test_units_are_kept_as_often_as_said_and_scaled_as_said(keep, scaled):
    count = 20_000
    torch.manual_seed(0)
    y = Dropout(keep=keep, scaled=scaled)(torch.ones(count, dtype=torch.float64))
    kept = y != 0
    assert abs(kept.double().mean() - keep) < 4 * (keep * (1 - keep) / count) ** 0.5
    (scale,) = y[kept].unique().tolist()
    assert scale == pytest.approx(1 / keep if scaled == "training" else 1.0, rel=1e-15)


def test_drop_and_keep_say_the_same():
    outputs = []
    for layer in (Dropout(drop=0.25), Dropout(keep=0.75), torch.nn.Dropout(0.25)):
        torch.manual_seed(1)
        outputs.append(layer(torch.ones(1000)))
    assert torch.equal(outputs[0], outputs[1])
    assert set(outputs[0].tolist()) == set(outputs[2].tolist())
    torch.testing.assert_close(outputs[2][outputs[2] != 0][0].item(), 4 / 3, rtol=1e-6, atol=0)


def test_the_gradient_passes_where_the_unit_did():
    torch.manual_seed(0)
    x = X.clone().requires_grad_()
    y = Dropout(drop=0.5)(x)
    y.backward(torch.full_like(y, 3.0))
    assert torch.equal(x.grad, torch.where(y == 0, 0.0, 6.0).double())
    assert 0 < (y == 0).sum() < y.numel()


@pytest.mark.parametrize("scaled", ["training", "test"])
@pytest.mark.parametrize("channels", [False, True])
def test_gradients_are_those_of_differences(scaled, channels):
    layer = Dropout(drop=0.4, scaled=scaled, channels=channels)

    def same_luck(x):
        torch.manual_seed(5)
        return layer(x).sin()

    x = torch.randn(2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert gradcheck(same_luck, x)
    assert gradgradcheck(same_luck, x)


@pytest.mark.parametrize("space", [(5,), (5, 4), (3, 2, 2)])
def test_channels_go_as_a_whole_and_each_example_has_its_own(space):
    torch.manual_seed(0)
    y = Dropout(drop=0.5, channels=True)(torch.ones(50, 8, *space)).flatten(2)
    assert torch.equal(y.amin(2), y.amax(2))
    assert set(y.unique().tolist()) == {0.0, 2.0}
    assert len({tuple(row) for row in y[:, :, 0].tolist()}) > 1


def test_elements_of_a_map_go_one_by_one():
    torch.manual_seed(0)
    y = Dropout(drop=0.5)(torch.ones(50, 8, 5))
    assert not torch.equal(y.amin(2), y.amax(2))


def test_nothing_is_dropped_or_drawn_at_test():
    layer = Dropout(drop=0.5).eval()
    before = torch.random.get_rng_state()
    assert torch.equal(layer(X), X)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({}, "Dropout(): give either drop, such as drop=0.2, or keep, such as keep=0.8."),
        ({"drop": 0.2, "keep": 0.8}, "Dropout(drop=0.2, keep=0.8): give either drop"),
        ({"drop": 1.0}, "Dropout(drop=1.0): drop must be in [0, 1)."),
        ({"drop": -0.1}, "drop must be in [0, 1)."),
        ({"drop": float("nan")}, "drop must be in [0, 1)."),
        ({"keep": 0.0}, "Dropout(keep=0.0): keep must be in (0, 1]."),
        ({"keep": 1.1}, "keep must be in (0, 1]."),
        ({"drop": 0.1, "scaled": "never"}, "Dropout(scaled='never'): scaled must be 'training' or 'test'."),
    ],
)  # fmt: skip
def test_probabilities_out_of_bounds_are_told(chosen, sentence):
    with pytest.raises(RavineError, match=re.escape(sentence)):
        Dropout(**chosen)
