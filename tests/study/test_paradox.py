"""Simpson's paradox: who wins on the whole and loses in every part."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ravine.data.examples import examples
from ravine.data.metrics import METRICS
from ravine.data.task import Task
from ravine.study.paradox import reversal, scored_within
from ravine.study.scene import Scene, forget, stage
from ravine.study.telling import warnings
from ravine.training.carrying import write_task
from ravine.training.evaluate import Outputs

from .small import blobs
from .test_study import made
from .test_summary import RACES, RECORDS, refitted, searched

SMALL, LARGE = "small stones", "large stones"


def test_the_kidney_stones():
    # Charig et al. 1986: open surgery healed 81 of 87 and 192 of 263, puncture 234 of 270 and 55 of 80.
    parts = {SMALL: (81 / 87, 234 / 270), LARGE: (192 / 263, 55 / 80)}
    whole = ((81 + 192) / 350, (234 + 55) / 350)
    found = reversal(("open surgery", "puncture"), whole, parts, higher=True)
    assert found == (
        "puncture", "open surgery", (289 / 350, 273 / 350), {SMALL: (234 / 270, 81 / 87), LARGE: (55 / 80, 192 / 263)},
    )  # fmt: skip
    failures = {label: (1 - p, 1 - q) for label, (p, q) in parts.items()}
    turned = reversal(("open surgery", "puncture"), (1 - whole[0], 1 - whole[1]), failures, higher=False)
    assert turned is not None
    assert turned[:2] == ("puncture", "open surgery")
    assert reversal(("open surgery", "puncture"), whole, failures, higher=True) is None
    mixed = reversal(("open surgery", "puncture"), whole, failures, higher=True, higher_within=False)
    assert mixed is not None


@pytest.mark.parametrize(
    "parts",
    [
        {"one": (0.1, 0.2)},
        {"one": (0.1, 0.2), "two": (0.3, 0.3)},
        {"one": (0.1, 0.2), "two": (0.3, 0.2)},
        {"one": (0.1, 0.2), "two": (math.nan, 0.4)},
        {},
    ],
)
def test_what_is_no_reversal(parts):
    assert reversal(("a", "b"), (0.6, 0.5), parts, higher=True) is None
    assert reversal(("a", "b"), (0.5, 0.5), {"one": (0.1, 0.2), "two": (0.1, 0.2)}, higher=True) is None
    assert reversal(("a", "b"), (math.nan, 0.5), {"one": (0.1, 0.2), "two": (0.1, 0.2)}, higher=True) is None


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), min_size=2, max_size=40))
def test_a_mean_over_the_same_examples_never_turns_round(rows):
    right, label = np.array([row[:2] for row in rows], dtype=float), np.array([row[2] for row in rows])
    parts = {str(k): tuple(right[label == k].mean(0)) for k in np.unique(label)}
    assert reversal(("a", "b"), tuple(right.mean(0)), parts, higher=True) is None


@pytest.fixture
def here(tmp_path):
    forget()
    task = dataclasses.replace(blobs(3), groups=[f"ward {k % 20}" for k in range(60)])
    yield stage(Scene(write_task(task, tmp_path), None, 2, None, 0, "cpu", "auto", str(tmp_path)), -1)
    forget()


def test_classes_and_groups_are_scored_apart(here):
    outputs = torch.randn(len(here.judged), 3, generator=torch.Generator().manual_seed(3))
    said = Outputs(outputs, here.judged.targets)
    found = scored_within(here, said)
    right = (outputs.argmax(1) == here.judged.targets).double()
    assert found["class_names"].tolist() == ["0", "1", "2"]
    assert found["class"].tolist() == [float(right[here.judged.targets == k].mean()) for k in range(3)]
    wards = here.judged.groups
    assert found["group_names"].tolist() == [str(w) for w in sorted(set(wards))]
    assert found["group"].tolist() == [float(right[torch.from_numpy(wards == w)].mean()) for w in sorted(set(wards))]


def test_numbers_have_no_classes_and_labels_have_their_names(here):
    numbers = Task(torch.nn.Linear, (torch.randn(9, 2), torch.randn(9)))
    outputs = Outputs(torch.randn(4), torch.randn(4))
    plain = dataclasses.replace(
        here, task=numbers, judged=numbers.training_data, metrics=(METRICS["r2"], METRICS["squared_error"])
    )
    assert scored_within(plain, outputs) == {}
    train = examples((torch.zeros(4, 2), np.array(["cat", "dog", "dog", "eel"])))
    named = dataclasses.replace(plain, train=train, metrics=(METRICS["f1"], METRICS["log_loss"]))
    found = scored_within(named, Outputs(torch.eye(3)[[0, 0, 2]], torch.tensor([0, 2, 2])))
    assert (found["class_names"].tolist(), found["class"].tolist()) == (["cat", "eel"], [1.0, 0.5])


def test_a_group_that_a_metric_refuses_leaves_the_whole_alone(here):
    # The area under the curve needs both classes.
    targets = torch.tensor([0, 0, 1, 0, 1])
    judged = dataclasses.replace(here.judged.subset(torch.arange(5)), groups=np.array(["a", "a", "b", "b", "b"]))
    outputs = torch.tensor([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [0.0, 4.0], [0.0, 5.0]])
    found = scored_within(dataclasses.replace(here, judged=judged, metrics=(METRICS["auc"], METRICS["log_loss"])),
                          Outputs(outputs, targets))  # fmt: skip
    assert math.isnan(found["group"][0])
    assert found["group"][1] == roc_auc_score([1, 0, 1], [3, 4, 5])


def with_parts(kind, labels, by_method):
    """The records of a study whose refits have scores by part."""
    return [
        dataclasses.replace(
            one,
            arrays=one.arrays | {f"{kind}_names": np.array(labels), kind: np.array(by_method[one.record["method"]])},
        )
        if one.record["stage"] == "tuned"
        else one
        for one in RECORDS
    ]


@pytest.mark.parametrize("kind", ["class", "group"])
def test_a_winner_that_loses_in_every_part_is_named(kind):
    # adam leads with 0.75 against 0.55.
    labels = ["cat", "<dog>"]
    loses = with_parts(kind, labels, {"adam": [0.4, 0.6], "sgd": [0.5, 0.65]})
    where = "is right less often in every class" if kind == "class" else "is worse in every group"
    named = (
        f"adam beats sgd on all test examples, but {where} (75.0 % against 55.0 %): "
        f"{kind} cat: 40.0 % against 50.0 %; {kind} <dog>: 60.0 % against 65.0 %."
    )
    assert [line for line in warnings(made(loses, races=RACES)) if "beats" in line] == [named]
    wins = with_parts(kind, labels, {"adam": [0.4, 0.6], "sgd": [0.5, 0.55]})
    assert not [line for line in warnings(made(wins, races=RACES)) if "beats" in line]


def test_many_parts_are_told_by_the_first_few():
    loses = with_parts("group", [f"g{k}" for k in range(9)], {"adam": [0.4] * 9, "sgd": [0.5] * 9})
    (line,) = [line for line in warnings(made(loses, races=RACES)) if "beats" in line]
    assert line.count("against") == 7
    assert line.endswith("; and so on, in all 9.")


def test_a_winner_of_the_test_set_that_loses_on_every_fold_is_named():
    races = {name: {"reached": [2], "loser": None, "chosen": 0} for name in ("sgd", "adam")}
    records = [*searched("sgd", [0.5]), *searched("adam", [0.8]), *refitted("sgd", 0.75), *refitted("adam", 0.7)]
    named = (
        "sgd beats adam on the test set, but is worse on every fold (80.0 % against 75.0 %): "
        "fold 1: 48.0 % against 78.0 %; fold 2: 52.0 % against 82.0 %."
    )
    assert [line for line in warnings(made(records, races=races)) if "beats" in line] == [named]
    a_hair_better = [*records[:4], *refitted("sgd", 0.75), *refitted("adam", 0.7499)]
    assert not [line for line in warnings(made(a_hair_better, races=races)) if "beats" in line]
    on_one_fold_better = [
        *searched("sgd", [0.79]), *searched("adam", [0.80])[:1], *searched("adam", [0.79])[1:], *records[4:],
    ]  # fmt: skip
    assert not [line for line in warnings(made(on_one_fold_better, races=races)) if "beats" in line]
