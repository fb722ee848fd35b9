"""The arithmetic of rules: numbers, tensors and many tensors give the same."""

import itertools
import math
import operator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines.each import Each
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


@pytest.mark.parametrize("name", ["cos", "sin"])
def test_angles_agree_and_infinity_has_none(name):
    function, wanted = getattr(arithmetic, name), getattr(torch, name)
    for x in (0.5, -2, 1e6):
        assert function(x) == pytest.approx(wanted(tensor(x)).item(), rel=0, abs=1e-15)
        assert function(tensor(x)).item() == wanted(tensor(x)).item()
    for x in (math.inf, -math.inf, math.nan):
        assert math.isnan(function(x))
        assert function(tensor(x)).isnan()


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


@given(x=NUMBERS, y=NUMBERS, bound=NUMBERS)
def test_what_is_picked_is_the_same_for_numbers_tensors_and_many_tensors(x, y, bound):
    wanted = x if x > bound else y
    assert arithmetic.where(x > bound, x, y) == wanted
    for first, second in itertools.product((x, tensor(x)), (y, tensor(y))):
        assert arithmetic.where(tensor(x) > bound, first, second).item() == wanted
        assert arithmetic.where(Each([tensor(x), bound + 1e7]) > bound, first, second).items == [wanted, x]
    assert arithmetic.where(Each([x, y]) > bound, Each([x, 1.0]), Each([y, 2.0])).items == [wanted, 1.0 + (y <= bound)]


def test_it_is_picked_element_by_element_and_nothing_leaks_from_what_is_not_taken():
    x = torch.tensor([4.0, -4.0])
    assert arithmetic.where(x > 0, x.sqrt(), 1.0).tolist() == [2, 1]
    assert arithmetic.where(x > 0, x, x / 0).dtype == torch.float32
    assert arithmetic.where(True, 3, arithmetic.sqrt(-1.0)) == 3


@pytest.mark.parametrize("comparison", [operator.gt, operator.lt, operator.ge, operator.le])
@pytest.mark.parametrize("other", [2, Each([3, 2, 1]), torch.tensor(2.0)])
def test_many_values_are_compared_one_by_one_from_either_side(comparison, other):
    ours, theirs = comparison(Each([1, 2, 3]), other), comparison(other, Each([1, 2, 3]))
    for k, number in enumerate([1, 2, 3]):
        against = other.items[k] if isinstance(other, Each) else other
        assert ours.items[k] == comparison(number, against)
        assert theirs.items[k] == comparison(against, number)


def test_values_that_may_differ_decide_no_if():
    with pytest.raises(TypeError, match=r"write where\(condition, x, y\)$"):
        bool(Each([1, 2]) > 1)


@given(x=st.floats(-50, 50))
def test_exponentials_agree(x):
    assert arithmetic.exp(x) == pytest.approx(arithmetic.exp(tensor(x)).item(), rel=1e-15) == math.exp(x)
    assert arithmetic.exp(Each([x, 0])).items[1] == 1


def test_the_root_of_what_is_negative_is_no_number_for_numbers_as_for_tensors():
    assert math.isnan(arithmetic.sqrt(-1.0))
    assert arithmetic.sqrt(tensor(-1.0)).isnan()


def test_means_are_taken_over_each_tensor():
    assert arithmetic.mean(torch.tensor([1.0, 2.0, 6.0])) == 3
    assert [m.item() for m in arithmetic.mean(Each([torch.ones(2, 2), torch.tensor([0.0, 1.0])])).items] == [1, 0.5]


@pytest.mark.parametrize("value", [0.25, "p"])
def test_slots_lie_in_memory_as_their_parameter_does(value):
    last = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    for p in last, torch.randn(3, 4).T, torch.randn(6), torch.tensor(1.0):
        slot = arithmetic.Start(value).begin(p)
        assert slot.stride() == p.stride()
        assert slot.data_ptr() != p.data_ptr()
        assert torch.equal(slot, p if value == "p" else torch.full(p.shape, 0.25))
    assert arithmetic.Start(value).begin(torch.randn(4, 6)[:, ::2]).shape == (4, 3)


def test_a_scalar_slot_keeps_its_digits_over_thousands_of_steps():
    slot = arithmetic.Start(1.0, scalar=True).begin(torch.ones(3, dtype=torch.bfloat16))
    for _ in range(3000):
        slot = slot * 0.999
    assert slot.item() == pytest.approx(0.999**3000, rel=1e-12)
