"""Labels become numbers and come back as the user's words."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.data.coding import Coding, decode, encode_targets
from ravine.errors import RavineError

LABELS = st.one_of(
    st.lists(st.text(max_size=5).filter(lambda text: "\0" not in text), min_size=1, max_size=20),
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20),
    st.lists(st.booleans(), min_size=1, max_size=20),
)


@given(labels=LABELS)
def test_labels_come_back_from_their_numbers(labels):
    codes, classes = encode_targets(np.array(labels, dtype=object if isinstance(labels[0], str) else None), None, "y")
    assert list(classes) == sorted(set(labels))
    scores = torch.nn.functional.one_hot(codes, max(2, len(classes))).float()
    assert decode(scores, "classes", Coding(classes=classes)).tolist() == labels


@pytest.mark.parametrize(
    "labels",
    [
        ["b", "a", "b"],
        np.array(["b", "a", "b"]),
        np.array(["b", "a", "b"], dtype=object),
        pd.Series(["b", "a", "b"]),
        pd.Series(["b", "a", "b"], dtype="category"),
        pd.DataFrame({"y": ["b", "a", "b"]}),
        np.array([7, 3, 7]),
        np.array([[7], [3], [7]]),
        torch.tensor([7, 3, 7]),
        np.array([True, False, True]),
        pd.Series([7, 3, 7], dtype="Int64"),
    ],
)
def test_labels_of_every_kind_become_whole_numbers_from_0(labels):
    codes, classes = encode_targets(labels, None, "y")
    assert codes.tolist() == [1, 0, 1]
    assert codes.dtype == torch.int64
    assert len(classes) == 2


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1.5, 2.0], None, torch.tensor([1.5, 2.0])),
        ([1, 5], "numbers", torch.tensor([1.0, 5.0])),
        ([1, 5], "given", torch.tensor([1, 5])),
        ([0.0, 2.0, 2.0], "classes", torch.tensor([0, 1, 1])),
        (["no", "yes"], "binary", torch.tensor([0.0, 1.0])),
        ([0.0, 0.3, 1.0], "binary", torch.tensor([0.0, 0.3, 1.0])),
        ([[0, 1], [1, 1]], "binary", torch.tensor([[0.0, 1.0], [1.0, 1.0]])),
        ([[0, 3], [-100, 1]], "classes", torch.tensor([[0, 3], [-100, 1]])),
        ([[0, 3], [2, 1]], None, torch.tensor([[0, 3], [2, 1]])),
        ([True, False], "numbers", torch.tensor([1.0, 0.0])),
    ],
)
def test_targets_suit_the_loss(values, kind, expected):
    targets, _ = encode_targets(np.array(values), kind, "y")
    torch.testing.assert_close(targets, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("values", "kind", "says"),
    [
        (np.array(["a", None], dtype=object), None, "no label in row 1"),
        (np.array(["a", np.nan], dtype=object), None, "no label in row 1"),
        (pd.Series(["a", pd.NA, "b"]), None, "no label in row 1"),
        (np.array(["a", 3], dtype=object), None, "mixes labels of types int and str"),
        (["a", "b"], "numbers", "is text"),
        (["a", "b", "c"], "binary", "has 3 classes"),
        ([[0.5], [1.5]], "classes", "holds fractions"),
        ([0.5, 1.5], "classes", "holds fractions"),
        ([[0, -2], [1, 1]], "classes", "holds -2"),
        ([[0.0, 2.0]], "binary", "outside 0"),
    ],
)
def test_targets_that_do_not_suit_are_refused(values, kind, says):
    with pytest.raises(RavineError, match=says):
        encode_targets(values, kind, "y")


def test_new_labels_get_the_numbers_they_had():
    _, classes = encode_targets(["a", "b", "c"], None, "y")
    codes, again = encode_targets(["c", "b"], None, "y", Coding(classes=classes))
    assert codes.tolist() == [2, 1]
    assert again == classes
    with pytest.raises(RavineError, match="'seat', which the training data don't have. Did you mean 'seal'"):
        encode_targets(["seat"], None, "y", Coding(classes=("lion", "seal")))


def test_numbers_go_into_round_units_and_back():
    coding = Coding(center=160.0, scale=80.0)
    targets, _ = encode_targets([160.0, 240.0], "numbers", "y", coding)
    assert targets.tolist() == [0.0, 1.0]
    assert decode(targets, "numbers", coding).tolist() == [160.0, 240.0]


def test_predictions_of_two_classes_dense_classes_and_several_labels():
    two = Coding(classes=("no", "yes"))
    assert decode(torch.tensor([-1.0, 2.0]), "binary", two).tolist() == ["no", "yes"]
    assert decode(torch.tensor([[-1.0], [2.0]]), "binary", two).tolist() == ["no", "yes"]
    assert decode(torch.tensor([[[-1.0], [2.0]]]), "classes", Coding()).tolist() == [[1]]
    assert decode(torch.tensor([[-1.0, 2.0]]), "binary", Coding()).tolist() == [[0, 1]]
    assert decode(torch.tensor([[0.0, 2.0]]), "given", two).tolist() == ["yes"]
    assert decode(torch.tensor([0.5]), "given", Coding()).tolist() == [0.5]
