"""Who takes part in a study: by name, by what is varied, part by part, or from a file."""

import pytest

from ravine.data.ready_made import wine
from ravine.errors import RavineError
from ravine.keep import snapshots
from ravine.recipe import Recipe, early_stopping
from ravine.rules import SGD, Adam
from ravine.study.asked import asked, recipes_in
from ravine.study.entries import contenders_of
from ravine.study.options import DEFAULT_METHODS

WINE = wine()
FILE = """
# a comment

plain = Adam(lr=log(1e-4, 1e-1))
  mixed up = Recipe(Adam(lr=log(1e-4, 1e-1)), augmentation=(mixup(0.2),))
wide=Recipe(SGD(lr=0.1), epochs=3), {"width": 8}
"""


def contenders(methods):
    return contenders_of(methods, [], WINE, 100, None)


def test_without_a_word_the_default_methods_take_part():
    assert asked(WINE, None, "Adam()") == (DEFAULT_METHODS, "Adam()")
    assert asked(WINE, "sgd,adam", None) == (("sgd", "adam"), None)
    assert asked(WINE, SGD(lr=0.1), None) == ((SGD(lr=0.1),), None)


def test_a_file_names_its_recipes(tmp_path):
    path = tmp_path / "recipes.txt"
    path.write_text(FILE)
    methods, recipe = asked(WINE, None, "SGD()", file=path)
    assert recipe == "SGD()"
    found = contenders(methods)
    assert [each.name for each in found] == ["plain", "mixed up", "wide"]
    assert [len(each.searched) for each in found] == [1, 1, 0]
    assert found[2].arguments == {"width": 8}
    assert {each.recipe.epochs for each in found} == {3}


def test_recipes_of_different_lengths_need_one_for_all():
    with pytest.raises(RavineError) as refusal:
        contenders([f"{n} = Recipe(SGD(), epochs={n})" for n in (3, 4)])
    assert str(refusal.value) == "--methods: recipes of 3 and 4 epochs cost differently: give --epochs for all of them."


def test_what_is_varied_starts_from_the_recipe_or_from_adam():
    methods, recipe = asked(WINE, None, None, axis="ensemble")
    assert recipe is None
    assert contenders(methods)[0].recipe.rule == contenders(("adam",))[0].recipe.rule
    methods, recipe = asked(WINE, None, "Recipe(SGD(lr=0.5), epochs=4)", axis="ensemble")
    assert recipe is None
    assert contenders(methods)[0].recipe == Recipe(SGD(lr=0.5), epochs=4)


def test_a_short_training_has_as_many_cycles_as_it_can():
    methods, _ = asked(WINE, None, None, axis="ensemble", epochs=3)
    assert contenders(methods)[-1].recipe.keep == snapshots(3)


def test_a_recipe_is_taken_apart():
    methods, _ = asked(WINE, None, Recipe(Adam(), stop=early_stopping()), apart=True)
    assert [each.name for each in contenders(methods)] == ["without early_stopping", "with early_stopping"]


def test_a_base_with_a_rule_of_ones_own_is_read_from_its_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from ravine.rules import SGD\n\n"
        "class Mine(SGD):\n    def update(self, p, g):\n        return p - self.lr * g\n"
    )
    methods, _ = asked(WINE, None, f"{path}:Mine(lr=0.1)", axis="batch_size")
    assert {type(each.recipe.rule).__name__ for each in contenders(methods)} == {"Mine"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Adam()\nplain = SGD()", ": 'Adam()' has no name; write name = Adam()."),
        ("only = SGD()", " has 1 recipes, and two are the least to compare."),
        (None, " cannot be read: No such file or directory."),
    ],
)
def test_a_file_that_says_no_recipes_is_refused(tmp_path, text, sentence):
    path = tmp_path / "recipes.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RavineError) as refusal:
        recipes_in(path)
    assert str(refusal.value) == f"--recipes {str(path)!r}{sentence}"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"methods": "adam", "axis": "loss"}, "--methods and --vary each say who takes part: give one of them."),
        ({"apart": True}, "--one-by-one takes a recipe apart: give it, as in --recipe 'Recipe(Adam(), ...)'."),
        (
            {"axis": "loss", "recipe": "cosine(0.1)"},
            "--recipe 'cosine(0.1)': write a rule such as Adam(lr=0.001), or Recipe(Adam(), epochs=20).",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(options, sentence):
    with pytest.raises(RavineError) as refusal:
        asked(WINE, options.pop("methods", None), options.pop("recipe", None), **options)
    assert str(refusal.value) == sentence
