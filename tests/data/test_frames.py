"""Tables become matrices, and later tables are read as the first one was."""

import numpy as np
import pandas as pd
import pytest

from ravine.data.coding import Column
from ravine.data.frames import read_frame
from ravine.errors import RavineError

FRAME = pd.DataFrame(
    {"age": [30, 40, 50], "height": [1.5, 1.6, 1.7], "smokes": [True, False, True], "city": ["Bonn", "Ulm", "Bonn"]}
)


def test_numbers_stay_and_texts_become_a_column_each():
    matrix, columns = read_frame(FRAME, "data")
    expected = np.column_stack([FRAME["age"], FRAME["height"], FRAME["smokes"], [1, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(matrix.numpy(), expected.astype(np.float32))
    assert columns == (Column("age"), Column("height"), Column("smokes"), Column("city", ("Bonn", "Ulm")))


def test_a_later_table_is_read_in_the_same_order_with_the_same_texts():
    matrix, columns = read_frame(FRAME, "data")
    later = FRAME.iloc[[1]][["city", "smokes", "height", "age"]]
    again, _ = read_frame(later, "data", columns)
    assert again.tolist() == matrix[[1]].tolist()


@pytest.mark.parametrize("kind", ["category", object, "str"])
def test_texts_of_every_kind(kind):
    matrix, _ = read_frame(FRAME[["city"]].astype(kind), "data")
    assert matrix.tolist() == [[1, 0], [0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FRAME.drop(columns="age"), "no column 'age'"),
        (FRAME.assign(weight=1.0), "a column 'weight', which the training data don't have"),
        (FRAME.assign(city="Ulmm"), "holds 'Ulmm', which the training data don't have. Did you mean 'Ulm'"),
        (FRAME.assign(height="tall"), "column 'height' must hold numbers, got 'tall'"),
    ],
)
def test_a_later_table_that_differs_is_refused(frame, says):
    with pytest.raises(RavineError, match=says):
        read_frame(frame, "data", read_frame(FRAME, "data")[1])


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FRAME.assign(height=[1.5, np.nan, 1.7]), "nan in row 1, column 'height'"),
        (FRAME.assign(age=pd.Series([1, 2, None], dtype="Int64")), "nan in row 2, column 'age'"),
        (FRAME.assign(height=[1.5, -np.inf, 1.7]), "-inf in row 1, column 'height'"),
        (FRAME.assign(city=["Bonn", None, "Ulm"]), "nothing in row 1, column 'city'"),
        (FRAME.assign(born=pd.to_datetime("2000-01-01")), "column 'born' holds dates"),
        (pd.DataFrame({"name": [f"person {i}" for i in range(60)]}), "column 'name' holds 60 different texts"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns named 'a'"),
        (FRAME[[]], "no columns beside the target"),
    ],
)
def test_what_is_no_number_is_refused_with_row_and_column(frame, says):
    with pytest.raises(RavineError, match=says):
        read_frame(frame, "data")


def test_missing_numbers_may_stay_for_a_later_step():
    matrix, _ = read_frame(FRAME.assign(height=[1.5, np.nan, 1.7]), "data", missing=True)
    assert matrix[:, 1].isnan().tolist() == [False, True, False]
