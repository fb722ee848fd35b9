import pytest

from ravine.errors import RavineError
from ravine.part import substitute
from ravine.ranges import integers, log
from ravine.recipe import Recipe
from ravine.rules import SGD, Adam
from ravine.schedules import cosine
from ravine.study.contenders import with_default_ranges
from ravine.study.entries import contenders_of, default_batch_size

from .small import blobs

MINE = """
from ravine.rules.rule import Number, Rule, field, log


class Half(Rule):
    lr: Number = field(0.1, "step length", at_least=0, search=log(0.01, 1.0), searched=True)

    def update(self, p, g):
        return p - self.lr / 2 * g
"""


def names(methods, recipes=(), epochs=None):
    return {one.name: one for one in contenders_of(methods, recipes, blobs(), 48, epochs)}


def test_a_name_is_searched_by_default_under_cosine():
    found = names(["adam"])["adam"].recipe
    searched = with_default_ranges(Adam)
    assert found == Recipe(substitute(searched, {("lr",): cosine(searched.lr)}), batch_size=8, epochs=15)


def test_a_text_is_searched_where_it_says_so_and_an_object_or_class_is_as_good():
    typed = names(["Adam(lr=log(1e-4,1e-1))"])["Adam(lr=log(1e-4,1e-1))"]
    given = contenders_of([Adam(lr=log(1e-4, 1e-1))], [], blobs(), 48, None)[0]
    assert typed.recipe == given.recipe
    assert names([Adam])["adam"].recipe == names(["adam"])["adam"].recipe


def test_a_whole_recipe_keeps_its_batches_and_takes_the_study_s_epochs():
    found = contenders_of([Recipe(SGD(lr=0.1), batch_size=5, epochs=7)], [], blobs(), 48, 3)[0].recipe
    assert found == Recipe(SGD(lr=0.1), batch_size=5, epochs=3)


def test_your_recipe_takes_part_as_it_is_and_decides_the_epochs():
    found = names(["sgd"], ["Recipe(Adam(lr=0.01), batch_size=5, epochs=4)"])
    assert found["yours"].recipe == Recipe(Adam(lr=0.01), batch_size=5, epochs=4)
    assert found["sgd"].recipe.epochs == 4
    assert names(["sgd"], ["Adam()"], epochs=9)["yours"].recipe.epochs == 9


def test_the_model_s_ranges_are_searched_by_every_method_but_yours():
    task = blobs()
    task.model_arguments["out_features"] = integers(2, 5)
    sgd, yours = contenders_of(["sgd"], ["SGD(lr=0.1)"], task, 48, None)
    assert list(sgd.searched) == ["lr", "out_features"]
    assert list(yours.searched) == []


def test_a_rule_from_a_file(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    whole, part = f"{tmp_path}/mine.py:Half", f"{tmp_path}/mine.py:Half(lr=log(0.1, 0.2))"
    found = names([whole, part])
    assert repr(found[whole].searched["lr"][1]) == "log(0.01, 1.0)"
    assert repr(found[part].searched["lr"][1]) == "log(0.1, 0.2)"


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        (["sgd", "adam", "sgd"], "'sgd' is named twice"),
        (["sgdd"], "nothing is called 'sgdd'. Did you mean 'sgd'"),
        (["cosine(0.1)"], r"'cosine\(0.1\)' is no method"),
        (["3"], "'3' is no method"),
        (["Recipe(choice((SGD(), Adam())))"], "name them as methods of their own"),
        (["Clip(choice((SGD(), Adam())), norm=1.0)"], "name them as methods of their own"),
    ],
)
def test_what_is_no_method_is_refused(methods, said):
    with pytest.raises(RavineError, match=said):
        names(methods)


@pytest.mark.parametrize("count", [2, 50, 95, 96, 142, 500, 767, 768, 10**6])
def test_a_small_set_has_a_dozen_steps_in_an_epoch(count):
    size = default_batch_size(count)
    assert size in (8, 16, 32, 64)
    assert size == 8 or count / size >= 12
    assert size == 64 or count / (2 * size) < 12
