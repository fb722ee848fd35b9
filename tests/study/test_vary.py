"""What a study varies: the recipes on each axis, and what suits a task."""

import pytest
import torch
from torch import nn

from ravine.data.ready_made import diabetes, digits, wine
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.minimize import LBFGS
from ravine.part import leaves
from ravine.ranges import choice, is_range, log
from ravine.recipe import Recipe, read_method
from ravine.rules import Adam, Muon, Split
from ravine.schedules import cosine
from ravine.study.contenders import Contender
from ravine.study.options import DEFAULT_METHODS
from ravine.study.vary import AXES, vary

LR = log(1e-3, 1e-1)
BASE = Recipe(Adam(lr=cosine(LR)), batch_size=32, epochs=8)
TASKS = {"digits": digits(), "wine": wine(), "diabetes": diabetes()}


def images(**options) -> Task:
    return Task(nn.Flatten, (torch.rand(20, 3, 4, 4), torch.arange(20) % 2), **options)


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis != "model"])
@pytest.mark.parametrize("name", TASKS)
def test_every_recipe_can_be_written_down_and_searches_all_that_the_base_does(axis, name):
    found = vary(axis, BASE, TASKS[name])
    assert len(found) > 1
    for recipe in found.values():
        assert read_method(repr(recipe)) == recipe
        assert recipe.epochs == 8
        assert recipe.batch_size == 32 or axis == "batch_size"
        ranges = leaves(recipe, is_range).values()
        assert LR in ranges or axis == "optimizer"
        assert len(ranges) <= 3  # the step size and a strength or two: nobody wins by having more knobs
        assert len(Contender("any", recipe).searched) == len(ranges)


def test_regularization_has_what_suits_the_task():
    common = ["as it is", "dropout", "L2 penalty", "weight decay", "augmentation", "early stopping"]
    assert list(vary("regularization", BASE, digits())) == [*common, "mixup", "label smoothing"]
    assert list(vary("regularization", BASE, diabetes())) == common  # numbers are not mixed unless asked
    moves = vary("regularization", BASE, digits())["augmentation"].augmentation
    assert [type(part).__name__ for part in moves] == ["shift", "rotate"]
    noise = vary("regularization", BASE, wine())["augmentation"].augmentation
    assert [type(part).__name__ for part in noise] == ["gaussian_noise"]


def test_a_method_that_is_not_among_the_eight_takes_part_beside_them():
    found = vary("optimizer", Recipe(LBFGS(), "all", 8, "stored"), wine())
    assert list(found) == ["as it is", *DEFAULT_METHODS]
    assert found["as it is"].rule == LBFGS()
    assert list(vary("optimizer", BASE, wine())) == list(DEFAULT_METHODS)


def test_augmentation_keeps_to_what_the_task_calls_safe_and_to_its_strength():
    found = vary("augmentation", BASE, images(safe_augmentation={"rotate": 5, "flip": None, "color": None}))
    assert list(found) == ["none", "flip", "rotate", "color"]
    assert found["rotate"].augmentation[0].degrees.high == 5
    assert "cutmix" in vary("augmentation", BASE, images())


def test_schedules_start_from_the_number_that_the_base_has_for_every_rule_of_it():
    base = Recipe(Split(Muon(lr=cosine(0.02)), Adam(lr=LR)))
    for name, recipe in vary("schedule", base, wine()).items():
        assert 0.02 in leaves(recipe.rule.rule.lr, lambda v: v == 0.02).values(), name
        assert list(leaves(recipe.rule.others.lr, is_range).values()) == [LR]


def test_batches_are_at_most_half_of_the_examples():
    assert list(vary("batch_size", BASE, images())) == ["batches of 8"]


def test_models_differ_in_one_argument_while_the_others_are_searched():
    ranges = {"width": choice((8, 16)), "drop": log(0.1, 0.8)}
    found = vary("model", BASE, images(model_arguments=ranges))
    assert list(found) == ["width 8", "width 16", "drop 0.1", "drop 0.2", "drop 0.4", "drop 0.8"]
    assert found["width 16"] == (BASE, {"width": 16})


@pytest.mark.parametrize(
    ("axis", "task", "sentence"),
    [
        ("regularizaton", wine(), f"must be one of {', '.join(AXES)}. Did you mean 'regularization'?"),
        ("model", wine(), "give some, as in Task(..., model_arguments={'width': choice((8, 16, 32))})."),
        ("loss", images(step=lambda *_: 0), "the task's own step works out the loss, so there is none to vary."),
    ],
)
def test_what_cannot_be_varied_is_refused(axis, task, sentence):
    with pytest.raises(RavineError) as refusal:
        vary(axis, BASE, task)
    assert str(refusal.value).startswith(f"--vary {axis}") or str(refusal.value).startswith(f"--vary {axis!r}")
    assert str(refusal.value).endswith(sentence)
