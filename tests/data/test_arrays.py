"""Arrays of every kind become the same tensor, and what is no number is refused with its place."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from ravine.data.arrays import as_tensor, check_finite
from ravine.errors import RavineError

ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize(
    "values",
    [
        ROWS,
        np.array(ROWS),
        np.asfortranarray(ROWS),
        np.array(ROWS)[::-1][::-1],
        np.array(ROWS).astype(">f8"),
        np.array(ROWS).astype(np.longdouble),
        np.array(ROWS).astype(np.float16),
        torch.tensor(ROWS, dtype=torch.float64),
        torch.tensor(ROWS, requires_grad=True),
        torch.tensor(ROWS).to_sparse(),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS, dtype="Float64"),
        sparse.csr_array(ROWS),
    ],
)
def test_the_same_numbers_come_out_of_every_kind(values):
    tensor = as_tensor(values, "data")
    assert tensor.dtype == torch.float32
    assert not tensor.requires_grad
    assert tensor.tolist() == ROWS


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64, np.uint32, bool])
def test_whole_numbers_stay_whole(kind):
    tensor = as_tensor(np.array([0, 1, 1], dtype=kind), "data")
    assert not tensor.is_floating_point()
    assert tensor.tolist() == [0, 1, 1]


def test_a_float32_array_is_shared_and_a_read_only_one_copied():
    array = np.ones((2, 2), dtype=np.float32)
    shared = as_tensor(array, "data")
    array[0, 0] = 7
    assert shared[0, 0] == 7
    array.flags.writeable = False
    assert as_tensor(array, "data").tolist() == [[7, 1], [1, 1]]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([["a", "b"]], "must hold numbers, got 'a'"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "texts and dates"),
        (np.array([1 + 2j]), "must hold numbers"),
        ([[1.0], [1.0, 2.0]], "different lengths"),
        (3.0, "one row for each example, got 3.0"),
    ],
)
def test_what_is_no_number_is_refused(values, says):
    with pytest.raises(RavineError, match=says):
        as_tensor(values, "data")


def test_missing_and_infinite_values_are_named_by_row_and_column():
    values = torch.zeros(4, 3, 2)
    check_finite(values, "data")
    values[2, 1, 0] = torch.inf
    with pytest.raises(RavineError, match=r"data has inf in row 2, at \[1, 0\]"):
        check_finite(values, "data")
    nullable = pd.Series([1, None, 3], dtype="Int64")
    with pytest.raises(RavineError, match="nan in row 1:"):
        check_finite(as_tensor(nullable, "data"), "data")


def test_a_number_too_large_for_float32_is_infinite_and_said_so():
    with pytest.raises(RavineError, match="inf in row 0, column 1"):
        check_finite(as_tensor(np.array([[1.0, 1e300]]), "data"), "data")
