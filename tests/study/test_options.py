import json
import math

import pytest

from ravine.errors import RavineError
from ravine.study.options import Options, differences


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("settings", 0, "from 1 to 4096"),
        ("settings", 8192, "from 1 to 4096"),
        ("settings", 6, "a power of two"),
        ("settings", 8.0, "a whole number"),
        ("settings", True, "a whole number"),
        ("folds", 1, "from 2 to 500"),
        ("folds", 501, "from 2 to 500"),
        ("seeds", 0, "from 1"),
        ("seed", -1, "from 0"),
        ("epochs", 0, "from 1"),
        ("search", "random", "must be sobol or grid"),
        ("holdout", 0.0, "must be a share"),
        ("holdout", 1.0, "must be a share"),
        ("holdout", math.nan, "must be a share"),
        ("matters", -0.1, "at least 0"),
        ("matters", math.nan, "at least 0"),
        ("budget", 0.0, "above 0"),
        ("budget", math.inf, "above 0"),
        ("methods", (), "is empty"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_its_option_and_itself(name, wrong, said):
    with pytest.raises(RavineError, match=f"--{name}.*{said}") as caught:
        Options("digits", **{name: wrong})
    assert wrong == () or str(wrong) in str(caught.value)


@pytest.mark.parametrize(
    "right", [{"settings": 1}, {"settings": 4096}, {"folds": 2}, {"holdout": 0.1}, {"methods": (), "recipe": "SGD()"}]
)
def test_what_lies_on_a_bound_is_taken(right):
    assert Options("digits", **right).task == "digits"


def test_epochs_come_from_one_place():
    with pytest.raises(RavineError, match="give one of the two"):
        Options("digits", epochs=3, budget=60.0)


def test_options_survive_json():
    options = Options("digits", methods=("sgd", "Adam(lr=log(1e-4, 1e-1))"), holdout=0.1, matters=0.003)
    assert Options.read(json.loads(json.dumps(options.stored()))) == options


def test_an_option_of_a_later_ravine_is_left_aside():
    assert Options.read({"task": "digits", "color": "red"}) == Options("digits")


def test_differences_name_each_option_with_both_values():
    before, now = Options("digits"), Options("wine", folds=5)
    assert differences(before, now) == ["task was 'digits', now 'wine'", "folds was 3, now 5"]
    assert differences(before, before) == []
