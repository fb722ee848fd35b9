"""Many at once: every value takes the operation that it would take alone, at full precision."""

import copy
import operator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines.each import Each, together
from ravine.rules import counter

ITEMS = [torch.tensor([1.0, 4.0]), torch.tensor(2.5), torch.full((2, 2), 9.0)]
OPERATIONS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
OTHERS = [3, 0.5, torch.tensor(2.0), Each([1.0, 2, torch.tensor(3.0)]), np.float64(0.5), np.int64(2)]


def at(value, k):
    return value.items[k] if isinstance(value, Each) else value


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_value_takes_the_operation_from_either_side(operation, other):
    ours, theirs = operation(Each(ITEMS), other), operation(other, Each(ITEMS))
    assert isinstance(ours, Each)
    assert isinstance(theirs, Each)
    for k, item in enumerate(ITEMS):
        number = torch.as_tensor(at(other, k), dtype=item.dtype)
        assert torch.equal(ours.items[k], operation(item, number))
        assert torch.equal(theirs.items[k], operation(number, item))


def test_methods_are_torchs_with_arguments_for_each():
    each = Each(ITEMS)
    assert all(torch.equal(a, b.sqrt()) for a, b in zip(each.sqrt().items, ITEMS, strict=True))
    assert all(torch.equal(a, -b) for a, b in zip((-each).items, ITEMS, strict=True))
    clamped = each.clamp(min=Each([2.0, 3.0, 4.0]), max=5.0)
    for k, item in enumerate(ITEMS):
        assert torch.equal(clamped.items[k], item.clamp(min=2.0 + k, max=5.0))
    # Numbers of their own keep double precision, as hyperparameters do.
    assert Each([0.1, 3]).sqrt().items[0].dtype == torch.float64
    with pytest.raises(AttributeError):
        each.sqroot()


def test_a_copy_is_a_copy():
    each = Each([torch.ones(2), 3])
    copied = copy.deepcopy(each)
    copied.items[0] += 1
    assert each.items[0].tolist() == [1.0, 1.0]
    assert copy.copy(each).items[1] == 3


@given(st.lists(st.lists(st.floats(-1e3, 1e3), max_size=4), min_size=1, max_size=5))
def test_the_norm_over_all_is_that_of_one_long_vector(values):
    tensors = [torch.tensor(each, dtype=torch.float64) for each in values]
    whole = np.linalg.norm(np.concatenate([np.array(each, dtype=float) for each in values]))
    assert float(Each(tensors).global_norm()) == pytest.approx(float(whole), rel=1e-12)


def test_normal_numbers_go_by_the_number_of_the_tensor():
    drawn = Each([torch.zeros(3), torch.zeros(3)]).normal(Each([1, 2]), 5, Each([7, 8]))
    assert torch.equal(drawn.items[0], counter.normal(torch.zeros(3), 1, 5, 7))
    assert torch.equal(drawn.items[1], counter.normal(torch.zeros(3), 2, 5, 8))


@given(st.lists(st.one_of(st.integers(0, 3), st.floats(0, 1)), min_size=1))
def test_what_all_share_is_one_number(values):
    joined = together(values)
    if len(set(values)) == 1:
        assert joined == values[0]
    else:
        assert joined.items == values
