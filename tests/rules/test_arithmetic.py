"""The arithmetic of rules: numbers, tensors and many tensors give the same."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines.plain import Each
from ravine.rules import arithmetic

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


def tensor(x):
    return torch.tensor(x, dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("absolute", 1, abs),
        ("sign", 1, lambda x: math.copysign(1, x) if x else 0),
        ("maximum", 2, max),
        ("minimum", 2, min),
        ("clamp", 3, lambda x, low, high: max(low, min(x, high)) if low <= high else high),
        ("times", 2, lambda a, x: a * x),
    ],
)
@given(data=st.data())
def test_numbers_tensors_and_many_tensors_agree(name, count, expected, data):
    function = getattr(arithmetic, name)
    x, *others = (data.draw(NUMBERS) for _ in range(count))
    wanted = expected(x, *others)
    assert function(x, *others) == wanted
    if name == "times":
        assert function(x, tensor(others[0])) == wanted
        assert function(tensor(x), tensor(others[0])).item() == wanted
    else:
        assert function(tensor(x), *others).item() == wanted
        assert function(tensor(x), *map(tensor, others)).item() == wanted
    both = function(Each([tensor(x), tensor(1.0)]), *others)
    assert both.items[0].item() == wanted


@given(x=st.floats(0, 1e6))
def test_roots_agree(x):
    assert arithmetic.sqrt(x) == arithmetic.sqrt(tensor(x)).item() == math.sqrt(x)


def test_a_number_may_stand_first_in_a_comparison():
    x = torch.tensor([-1.0, 0.5, 3.0])
    assert arithmetic.maximum(1, x).tolist() == [1, 1, 3]
    assert arithmetic.minimum(1, x).tolist() == [-1, 0.5, 1]


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_what_is_no_number_stays_none(name):
    function = getattr(arithmetic, name)
    bad = torch.tensor([float("nan"), 1.0])
    for x, y in ((bad, 0.0), (0.0, bad), (bad, torch.zeros(2)), (torch.zeros(2), bad)):
        assert function(x, y).isnan().tolist() == [True, False]
    assert arithmetic.clamp(bad, -0.5, 0.5).isnan().tolist() == [True, False]


def test_a_zero_coefficient_takes_the_term_away_whatever_it_is():
    x = torch.tensor([float("inf"), float("nan"), 2.0])
    assert arithmetic.times(0, x) == 0
    column = torch.tensor([[0.0], [0.5]])
    assert arithmetic.times(column, x)[0].tolist() == [0, 0, 0]
    assert arithmetic.times(column, x)[1, 2] == 1
    many = arithmetic.times(Each([0.0, 0.5]), Each([x, x]))
    assert many.items[0].tolist() == [0, 0, 0]
    assert many.items[1][0] == float("inf")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_nothing_over_nothing_is_nothing_and_other_quotients_keep_every_bit(dtype):
    a = torch.tensor([0.0, 1.0, -3.0, 0.0, 5.0, float("inf"), float("nan")], dtype=dtype)
    b = torch.tensor([0.0, 3.0, 7.0, 2.0, 1e-30, 2.0, 2.0], dtype=dtype)
    quotient = arithmetic.divide(a, b)
    assert quotient[0] == 0
    assert torch.equal(quotient[1:].nan_to_num(1.5), (a / b)[1:].nan_to_num(1.5))
    assert arithmetic.divide(torch.ones(1, dtype=dtype), torch.full((1,), float("nan"), dtype=dtype)).isnan()


def test_a_lone_tensor_is_all_there_are():
    x = torch.tensor([[3.0, 4.0]])
    assert arithmetic.norm(x) == arithmetic.global_norm(x) == 5
    many = Each([x, torch.tensor([12.0])])
    assert arithmetic.global_norm(many) == 13
    assert [item.item() for item in arithmetic.norm(many).items] == [5, 12]
