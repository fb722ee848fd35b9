"""Recipes: what they may hold, their text, and what is read from it."""

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.part import meanings
from ravine.ranges import choice, integers, log
from ravine.recipe import NAMES, PARTS, Recipe, early_stopping, gradient_norm, plateau, read_method, read_recipe
from ravine.rules import METHODS, SGD, Adam, AdamW, Average, Momentum, Muon, Split
from ravine.schedules import cosine, warmup
from ravine.text import read

RULES = st.sampled_from([SGD(), Adam(lr=warmup(0.05).then(cosine(0.001))), Average(Momentum(lr=0.1), decay=0.99)])
STOPS = st.one_of(
    st.none(),
    st.builds(
        early_stopping, patience=st.integers(1, 50), smallest_change=st.floats(0, 1), held_out=st.floats(0.01, 0.99)
    ),
    st.builds(gradient_norm, below=st.floats(0, 1)),
)
RECIPES = st.builds(
    Recipe,
    RULES,
    batch_size=st.one_of(st.integers(1, 10_000), st.just("all")),
    epochs=st.integers(1, 1000),
    order=st.sampled_from(["shuffled", "stored", "replacement"]),
    stop=STOPS,
    on_plateau=st.one_of(st.none(), st.builds(plateau, factor=st.floats(0.01, 0.99), patience=st.integers(1, 9))),
    autocast=st.booleans(),
)


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@given(RECIPES)
def test_its_text_is_read_back_without_loss(recipe):
    assert read_recipe(repr(recipe)) == recipe
    assert repr(read_recipe(repr(recipe))) == repr(recipe)
    assert hash(read_recipe(repr(recipe))) == hash(recipe)


def test_its_text_says_what_differs_from_the_defaults_and_no_more():
    assert repr(Recipe(Adam(), batch_size=64, epochs=15)) == "Recipe(Adam())"
    assert repr(Recipe(SGD(), "all", stop=gradient_norm(below=0.1))) == (
        "Recipe(SGD(), batch_size='all', stop=gradient_norm(below=0.1))"
    )


def test_a_rule_stands_for_the_recipe_that_is_default_in_all_else():
    assert read_recipe(Adam(lr=0.1)) == read_recipe("Adam(lr=0.1)") == Recipe(Adam(lr=0.1))
    assert read_recipe(Recipe(SGD(), epochs=3)) == read_recipe(" Recipe(SGD(), epochs = 3) ") == Recipe(SGD(), epochs=3)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: Recipe(SGD), "Recipe(rule=SGD): rule must be a rule or a descent, got SGD. Write SGD(...) for one"),
        (lambda: Recipe(3), "Recipe(rule=3): rule must be a rule or a descent, got 3."),
        (lambda: Recipe(SGD(), batch_size=0), "batch_size must be a whole number, at least 1, or 'all', got 0."),
        (lambda: Recipe(SGD(), batch_size=2.5), "batch_size must be a whole number, at least 1, or 'all', got 2.5."),
        (lambda: Recipe(SGD(), batch_size=True), "batch_size must be a whole number, at least 1, or 'all', got True."),
        (lambda: Recipe(SGD(), batch_size="some"), "or 'all', got 'some'."),
        (lambda: Recipe(SGD(), batch_size=choice((32, "half"))), "or 'all', got 'half'."),
        (lambda: Recipe(SGD(), batch_size=log(1e-3, 1.0)), "or 'all', got 0.001."),
        (lambda: Recipe(SGD(), epochs=0), "epochs must be at least 1, got 0"),
        (lambda: Recipe(SGD(), epochs=1.5), "epochs must be a whole number, got 1.5"),
        (lambda: Recipe(SGD(), order="random"), "order must be 'shuffled' or 'stored' or 'replacement', got 'random'."),
        (lambda: Recipe(SGD(), stop=5), "stop must be an early_stopping or a gradient_norm, got 5."),
        (lambda: Recipe(SGD(), stop=early_stopping), "Write early_stopping(...) for one of them."),
        (lambda: Recipe(SGD(), on_plateau=early_stopping()), "on_plateau must be a plateau, got early_stopping()."),
        (lambda: Recipe(SGD(), autocast=1), "autocast must be True or False, got 1."),
        (lambda: early_stopping(patience=0), "patience must be at least 1, got 0"),
        (lambda: early_stopping(held_out=1.0), "held_out must be in (0, 1), got 1.0"),
        (lambda: gradient_norm(below=-1), "below must be at least 0, got -1"),
        (lambda: plateau(factor=1.0), "factor must be in (0, 1), got 1.0"),
        (
            lambda: Recipe(SGD(), stop=early_stopping(patience=2, smallest_change=cosine(0.1))),
            "smallest_change=cosine(0.1))): smallest_change must stand still, so it cannot hold cosine(0.1).",
        ),
        (lambda: Recipe(SGD(), on_plateau=plateau(factor=0.5 * cosine(0.1))), "factor must stand still"),
        (lambda: read_recipe("Adam"), "--recipe 'Adam': write a rule such as Adam(lr=0.001), or Recipe(Adam(), epochs"),
        (lambda: read_recipe(0.1), "--recipe 0.1: write a rule such as Adam(lr=0.001)"),
        (lambda: read_recipe("cosine(0.1)"), "--recipe 'cosine(0.1)': write a rule such as"),
        (lambda: read_recipe("Adam(lr=log(1e-3, 1))"), "holds the range log(0.001, 1): a recipe has one number there;"),
        (lambda: read_recipe(Recipe(SGD(), epochs=integers(3, 9))), "holds the range integers(3, 9)"),
        (lambda: read_recipe("Recipe(Adm())"), "nothing is called 'Adm'. Did you mean 'adam'?"),
        (lambda: read_recipe("Recipe(Adam(), epoch=3)"), "Did you mean 'epochs'?"),
        (lambda: read_recipe("Recipe(Adam()"), "Cannot read 'Recipe(Adam()'"),
        (lambda: read_recipe("__import__('os').system('true')"), "only a name such as Adam can be called"),
    ],
)
def test_a_mistake_is_told_in_one_line(made, told):
    assert told in sentence(made)


def test_ranges_may_stand_in_a_recipe_that_is_searched():
    recipe = Recipe(
        choice((SGD(), Adam(lr=log(1e-3, 1.0)))), batch_size=choice((32, "all")), epochs=integers(3, 9),
        stop=choice((None, early_stopping(patience=integers(1, 5)))), order=choice(("shuffled", "replacement")),
    )  # fmt: skip
    assert read(repr(recipe), NAMES) == recipe


@pytest.mark.parametrize("part", PARTS.values())
def test_every_field_says_what_it_means(part):
    assert all(known.text for known in meanings(part).values())
    assert all(known.text[0].islower() for known in meanings(part).values())


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_read_by_their_names(name):
    assert read_method(name) is METHODS[name]
    assert read_method(METHODS[name].__name__) is METHODS[name]


def test_muon_is_known_by_its_name_though_it_is_no_method_alone():
    assert read_method("muon") is read_method("Muon") is Muon
    assert read_method("Split(Muon(lr=0.02), AdamW(lr=3e-4), where='hidden')") == Split(Muon(lr=0.02), AdamW(lr=3e-4))
    assert read_recipe("Split(Muon(), AdamW(), where=(2, 4))").rule.where == (2, 4)


MINE = '''
import ravine
from ravine.rules.rule import Number, field

class Half(ravine.Rule):
    """Takes half of the gradient's step."""
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):
        return p - 0.5 * self.lr * g
'''


def test_rules_of_a_file_are_read_with_all_others(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    half = read_method(f"{tmp_path}/mine.py:Half")
    assert half().step(1.0, 1.0, {}, 1)[0] == 0.95
    recipe = read_recipe(f"{tmp_path}/mine.py:Recipe(Average(Half(lr=cosine(0.2))), epochs=3)")
    assert repr(recipe) == "Recipe(Average(Half(lr=cosine(0.2))), epochs=3)"
    assert cloudpickle.loads(cloudpickle.dumps(recipe)) != Recipe(SGD())  # it travels whole to a worker


@pytest.mark.parametrize(
    ("written", "typed", "told"),
    [
        (None, "mine.py:Half", "there is no file"),
        ("x = 1", "mine.py:Half", "defines no rule: write a class that derives from ravine.Rule."),
        ("from ravine.rules import Adam", "mine.py:Adam", "defines no rule"),
        ("1 / 0", "mine.py:Half", "mine.py, line 1: ZeroDivisionError: division by zero"),
        (MINE, "mine.py:Hlf", "nothing is called 'Hlf'. Did you mean 'Half'?"),
        (MINE, "mine.py:Half(lr=-1)", "Half(lr=-1): lr must be at least 0, got -1"),
    ],
)
def test_a_file_without_the_rule_is_told(tmp_path, written, typed, told):
    if written is not None:
        (tmp_path / "mine.py").write_text(written)
    assert told in sentence(lambda: read_method(f"{tmp_path}/{typed}"))
