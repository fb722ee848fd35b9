"""What differs between contenders, what is tuned for each, and what is the same for all."""

from ravine.data.augment import mixup
from ravine.ranges import log, uniform
from ravine.recipe import Recipe, early_stopping
from ravine.rules import SGD, Adam
from ravine.schedules import cosine
from ravine.study.contenders import Contender
from ravine.study.roles import roles

LR = cosine(log(1e-3, 1e-1))


def test_a_part_that_some_have_is_scientific_and_its_strength_is_tuned():
    plain = Recipe(Adam(lr=LR), epochs=20)
    mixed = Recipe(Adam(lr=LR), epochs=20, augmentation=(mixup(log(0.1, 1.0)),))
    found = roles([Contender("none", plain), Contender("mixup", mixed)])
    assert found.scientific == {"augmentation": {"none": "-", "mixup": "(mixup(alpha=...),)"}}
    assert found.nuisance == {
        "none": {"lr": "log(0.001, 0.1)"},
        "mixup": {"lr": "log(0.001, 0.1)", "mixup_alpha": "log(0.1, 1.0)"},
    }
    assert found.fixed == {"rule": "Adam(lr=cosine(...))", "batch_size": "64", "epochs": "20"}


def test_a_number_that_differs_is_scientific_and_one_that_is_tuned_is_not():
    pair = [Contender(name, Recipe(SGD(lr=lr))) for name, lr in (("low", 0.1), ("tuned", uniform(0.1, 0.2)))]
    assert roles(pair).scientific == {"rule": {"low": "SGD(lr=0.1)", "tuned": "SGD(lr=...)"}}


def test_arguments_of_the_model_count_and_changed_defaults_are_named():
    made = [Contender(f"width {w}", Recipe(SGD(), stop=early_stopping(3)), {"width": w, "depth": 2}) for w in (8, 16)]
    found = roles(made)
    assert found.scientific == {"model's width": {"width 8": "8", "width 16": "16"}}
    assert found.fixed == {
        "rule": "SGD()", "batch_size": "64", "epochs": "15", "stop": "early_stopping(patience=3)", "model's depth": "2",
    }  # fmt: skip
