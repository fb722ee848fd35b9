"""Data of every common kind give the same examples."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.utils import Bunch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from ravine.data.examples import FromDataset, InMemory, examples
from ravine.errors import RavineError

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
Y = np.array([0, 1, 1, 0])
FRAME = pd.DataFrame(X, columns=["a", "b"]).assign(target=Y)
TENSORS = TensorDataset(torch.tensor(X), torch.tensor(Y))
ALL = torch.arange(4)


class Rows(Dataset):
    """A user's own data set, of tuples."""

    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        return X[row], int(Y[row])


class Stream(IterableDataset):
    def __iter__(self):
        yield from X


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        [X, Y],
        (X.tolist(), Y.tolist()),
        (torch.tensor(X), torch.tensor(Y)),
        (sparse.csr_array(X), Y),
        (FRAME[["a", "b"]], FRAME["target"]),
        FRAME,
        FRAME[["target", "b", "a"]][["a", "b", "target"]],
        Bunch(data=X, target=Y),
        Bunch(data=FRAME[["a", "b"]], target=FRAME["target"], frame=FRAME),
        TENSORS,
        Subset(
            Subset(TensorDataset(torch.tensor(X[::-1].copy()), torch.tensor(Y[::-1].copy())), [0, 1, 2, 3]),
            [3, 2, 1, 0],
        ),
        Rows(),
        [(row, int(label)) for row, label in zip(X, Y, strict=True)],
    ],
)
def test_batches_are_tuples_of_inputs_and_target(data):
    found = examples(data)
    assert len(found) == 4
    inputs, targets = found.batch(torch.tensor([2, 0]))
    assert inputs.dtype == torch.float32
    assert inputs.tolist() == [[5, 6], [1, 2]]
    assert targets.tolist() == [1, 0]
    assert found.targets is not None
    assert found.targets.tolist() == Y.tolist()
    assert found.has_targets


@pytest.mark.parametrize(
    "data",
    [
        {"left": X[:, 0], "right": X[:, 1], "label": Y},
        {"label": Y, "left": X[:, 0], "right": X[:, 1]},
        ({"left": X[:, 0], "right": X[:, 1]}, Y),
        [{"left": left, "right": right, "label": int(y)} for (left, right), y in zip(X, Y, strict=True)],
    ],
)
def test_batches_of_dicts_stay_dicts(data):
    found = examples(data, "label")
    batch = found.batch(torch.tensor([3, 1]))
    assert isinstance(batch, dict)
    assert {name: values.tolist() for name, values in batch.items()} == {
        "left": [7.0, 3.0],
        "right": [8.0, 4.0],
        "label": [0, 1],
    }
    assert found.target == "label"


def test_several_inputs_and_none_but_inputs():
    three = examples((X, X[:, 0], Y))
    assert [part.shape for part in three.batch(ALL)] == [(4, 2), (4,), (4,)]
    alone = examples(X)
    assert not alone.has_targets
    assert [part.shape for part in alone.batch(ALL)] == [(4, 2)]


@pytest.mark.parametrize("name", ["target", "y", "label", "labels"])
def test_the_target_is_found_by_its_usual_names(name):
    found = examples(FRAME.rename(columns={"target": name}))
    assert found.targets is not None
    assert found.targets.tolist() == Y.tolist()


def test_groups_come_as_labels_or_as_a_column_that_is_no_input():
    by_name = examples(FRAME.assign(patient=["p", "q", "q", "p"]), groups="patient")
    by_label = examples(FRAME, groups=["p", "q", "q", "p"])
    assert by_name.batch(ALL)[0].shape == (4, 2)
    for found in (by_name, by_label):
        assert found.groups is not None
        assert found.groups.tolist() == [0, 1, 1, 0]
        assert found.subset(torch.tensor([1, 3])).groups.tolist() == [1, 0]


def test_later_data_are_read_like_earlier_ones():
    first = examples((FRAME[["a"]].assign(city=["u", "v", "u", "v"]), ["x", "y", "y", "x"]))
    later = examples(pd.DataFrame({"city": ["v"], "a": [9.0]}), like=first)
    assert later.batch(torch.tensor([0]))[0].tolist() == [[9, 0, 1]]
    assert not later.has_targets
    both = examples((pd.DataFrame({"a": [9.0], "city": ["v"]}), ["y"]), like=first)
    assert both.targets.tolist() == [1]


class Broken(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, row):
        raise OSError("disk gone")


class Uneven(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, row):
        return torch.zeros(row + 1), 0


class Holes(Rows):
    def __getitem__(self, row):
        return torch.tensor([torch.nan if row == 2 else 1.0]), 0


@pytest.mark.parametrize(
    ("data", "options", "says"),
    [
        ((X, Y[:3]), {}, "got rows: inputs 4, target 3"),
        ((X[:0], Y[:0]), {}, "data is empty"),
        ([], {}, "is empty"),
        (FRAME.rename(columns={"target": "class"}), {}, "say which column is the target.*a, b, class"),
        (FRAME, {"target": "targt"}, "no 'targt', only a, b, target.*Did you mean 'target'"),
        ({"x": X, "why": Y}, {"target": "y"}, "no 'y', only x, why"),
        ((np.where(X == 4, np.nan, X), Y), {}, "data: inputs has nan in row 1, column 1"),
        (FRAME.assign(b=[1, 2, np.inf, 3]), {}, "data: inputs has inf in row 2, column 'b'"),
        ({"x": np.where(X == 4, np.nan, X), "y": Y}, {}, "data: 'x' has nan in row 1, column 1"),
        ((X, np.array([1.0, np.nan, 2.0, 3.0])), {}, "data: target has nan in row 1"),
        (FRAME, {"groups": [1, 2]}, "groups has 2 labels for 4 examples"),
        (FRAME, {"groups": "patient"}, "no column 'patient' to take the groups from"),
        (DataLoader(TENSORS), {}, "is a DataLoader: give its `.dataset`"),
        (Stream(), {}, "map-style Dataset"),
        ("data.csv", {}, "read the file first"),
        (3.0, {}, "got a float"),
        (None, {}, "got a NoneType"),
        (Broken(), {}, "Broken could not give a batch: OSError: disk gone"),
        (Uneven(), {}, "Uneven could not give a batch: RuntimeError"),
        (Holes(), {}, "not finite in example 2, member 0"),
        ({"x": X, "y": Y}, {"like": examples({"z": X, "y": Y})}, "no 'z', which the training data have"),
        ({"x": X, "z": X, "y": Y}, {"like": examples({"x": X, "y": Y})}, "has 'z', which the training data don't"),
        ((X[:, :1], Y), {"like": examples((X, Y))}, r"inputs has the shape \[1\] for each example.*\[2\]"),
        ((X, [0, 1, 2, 0]), {"like": examples((X, Y))}, "the label 2, which the training data don't have"),
    ],
)
def test_data_that_do_not_fit_are_refused_in_one_line(data, options, says):
    with pytest.raises(RavineError, match=says) as caught:
        examples(data, **options)
    assert "\n" not in str(caught.value)


def test_examples_pass_through_and_take_groups():
    found = examples((X, Y))
    assert examples(found) is found
    grouped = examples(found, groups=["a", "a", "b", "b"])
    assert grouped.groups is not None
    assert grouped.groups.tolist() == [0, 0, 1, 1]


def test_real_data_arrive_unchanged():
    wine = load_wine()
    found = examples(wine)
    np.testing.assert_array_equal(found.inputs.numpy(), wine.data.astype(np.float32))
    np.testing.assert_array_equal(found.targets.numpy(), wine.target)


def test_arrays_are_held_in_memory_and_data_sets_are_not():
    assert isinstance(examples((X, Y)), InMemory)
    assert isinstance(examples(TENSORS), InMemory)
    assert isinstance(examples(Rows()), FromDataset)
