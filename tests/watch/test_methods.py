"""What a person types as methods and surfaces, and what is refused."""

import pytest

from ravine.errors import RavineError
from ravine.functions import Rastrigin, Ravine, Surface
from ravine.minimize import LBFGS, Newton
from ravine.rules import SGD, Adam, Momentum
from ravine.watch import DEFAULT, read_ground, read_method, read_methods, watch


@pytest.mark.parametrize(
    ("typed", "part", "tuned", "lr"),
    [
        ("adam", Adam(), [("lr",)], None),
        ("Adam", Adam(), [("lr",)], None),
        ("Adam()", Adam(), [("lr",)], None),
        ("Adam(beta1=0.5)", Adam(beta1=0.5), [("lr",)], None),
        ("Adam(lr=0.01)", Adam(lr=0.01), [], 0.01),
        ("Adam(0.001)", Adam(), [], 0.001),
        ("Adam(lr=0.001)", Adam(), [], 0.001),
        ("newton", Newton(), [], None),
        ("Newton(safeguard=None)", Newton(safeguard=None), [], None),
        ("LBFGS(history=5)", LBFGS(history=5), [], None),
    ],
)
def test_lr_is_tuned_unless_it_is_written(typed, part, tuned, lr):
    found = read_method(typed)
    assert (found.name, found.part, list(found.tuned), found.lr) == (typed, part, tuned, lr)


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("Clip(Momentum(momentum=0.5), norm=1.0)", [("rule", "lr")]),
        ("Clip(Momentum(0.1), norm=1.0)", []),
        ("Clip(Momentum(lr=0.1), norm=1.0)", []),
        ("SAM(SGD())", [("rule", "lr")]),
        ("SGD(lr=log(0.1, 1.0))", [("lr",)]),
        ("SGD(lr=cosine(0.1))", []),
    ],
)
def test_lr_is_found_inside_of_wrappers(typed, places):
    assert list(read_method(typed).tuned) == places


def test_an_object_is_as_it_was_made_and_a_class_is_tuned():
    assert not read_method(Adam(beta1=0.5)).tuned
    assert read_method(Adam(beta1=0.5)).name == "Adam(beta1=0.5)"
    assert list(read_method(Adam).tuned) == [("lr",)]
    assert read_method(LBFGS).part == LBFGS()


def test_a_name_may_be_given():
    found = read_method("heavy ball = Momentum(momentum=0.8)")
    assert (found.name, found.part, list(found.tuned)) == ("heavy ball", Momentum(momentum=0.8), [("lr",)])


def test_a_rule_of_a_file_takes_part(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from ravine.rules.rule import Number, Rule, field\n"
        "class Half(Rule):\n"
        "    lr: Number = field(0.1, 'step length', at_least=0)\n"
        "    def update(self, p, g):\n"
        "        return p - self.lr * g / 2\n"
    )
    half = watch("ravine", f"{file}:Half,SGD(lr=0.005),{file}:Half(lr=0.01)", steps=30).courses
    assert half[0].lr is not None
    assert (half[1].points == half[2].points).all()


def test_the_family_decides_the_look():
    texts = ("adam", "Adam(lr=0.1)", "LBFGS(history=3)", "Newton(safeguard=None)", "SAM(Clip(SGD(), norm=1.0))")
    assert [read_method(text).family for text in texts] == ["adam", "adam", "lbfgs", "newton", "sgd"]


def test_a_rule_of_one_s_own_is_of_no_family_even_if_it_bears_a_known_name(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from ravine.rules.rule import Number, Rule, field\n"
        "class Adam(Rule):\n"
        "    lr: Number = field(0.1, 'step length', at_least=0)\n"
        "    def update(self, p, g):\n"
        "        return p - self.lr * g / 2\n"
    )
    found = read_method(f"{file}:Adam")
    assert found.family == found.name


def test_a_handful_is_watched_where_nobody_is_named():
    assert tuple(method.name for method in read_methods(None)) == DEFAULT


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("adm", ["'adm'", "Did you mean 'adam'?"]),
        ("newtn", ["Did you mean 'newton'?"]),
        ("Adm(lr=1)", ["'Adm'", "Did you mean 'adam'?"]),
        ("Adam(lr=-1)", ["at least 0, got -1"]),
        ("Adam(beta1=near_one(0.5, 0.9))", ["only lr is tuned here", "beta1"]),
        ("SGD(lr=cosine(log(0.1, 1.0)))", ["only lr is tuned here"]),
        ("adam,adam", ["'adam' is named twice"]),
        ("adam,,sgd", ["item 2"]),
        ("gauss_newton", ["works on residuals", "newton"]),
        ("Clip", ["rule must be given", "write Clip(SGD())"]),
        ("cosine(0.1)", ["is no method"]),
        ("muon", ["matri"]),
        ("nope.py:Rule", ["there is no file 'nope.py'"]),
    ],
)
def test_a_mistyped_method_is_told(typed, words):
    with pytest.raises(RavineError) as told:
        watch("ravine", typed, steps=2)
    assert all(word in str(told.value) for word in words), told.value
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"surface": "rosenbruck"}, ["'rosenbruck'", "Did you mean 'rosenbrock'?"]),
        ({"surface": "ravine(kapa=3)"}, ["kapa"]),
        ({"surface": Rastrigin(n=3)}, ["3 coordinates", "a picture shows two"]),
        ({"surface": 3}, ["watch(3)", "give a surface"]),
        ({"start": (7.0, 0.0)}, ["start 7, 0", "[-1.5, 1.5]"]),
        ({"start": (float("nan"), 0.0)}, ["finite"]),
        ({"start": (1.0,)}, ["2 coordinates, got 1"]),
        ({"steps": 0}, ["--steps 0", "from 1 to 20000"]),
        ({"steps": 20_001}, ["--steps 20001"]),
        ({"steps": 1.5}, ["whole number"]),
        ({"lr": "fast"}, ["--lr 'fast'", "tuned, same, or a number"]),
        ({"lr": 0.0}, ["--lr 0.0", "above 0"]),
        ({"lr": float("nan")}, ["--lr nan"]),
        ({"noise": -1.0}, ["--noise -1.0", "at least 0"]),
        ({"seed": -1}, ["--seed -1"]),
        ({"methods": []}, ["name at least one"]),
    ],
)
def test_other_mistakes_are_told(given, words):
    with pytest.raises(RavineError) as told:
        watch(**({"methods": "newton"} | given))
    assert all(word in str(told.value) for word in words), told.value


class Vector(Surface):
    def value(self, x, y):
        import torch

        return torch.stack([x, y])


class Constant(Surface):
    def value(self, x, y):
        del x, y
        return 3.0


class Nowhere(Surface):
    def value(self, x, y):
        return x * y + float("nan")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Vector(), "Vector() at 1, 1 gives [2] numbers, and must give one"),
        (Constant(), "gives 3.0 whatever the place"),
        (Nowhere(), "is nan: start where it is finite"),
    ],
)
def test_what_is_no_function_with_a_slope_is_told(made, words):
    with pytest.raises(RavineError) as told:
        watch(made, "newton")
    assert words in str(told.value)


def test_a_surface_may_be_typed_with_its_fields():
    assert read_ground("ravine(kappa=1000)").surface == Ravine(1000)
    assert read_ground("Ravine(kappa=1000)").surface == Ravine(1000)
    assert read_ground("Strict Saddle").surface.name == "strict_saddle"


def test_the_package_is_the_function():
    import ravine.watch

    assert ravine.watch("ravine", [SGD(lr=0.01)], steps=3).courses[0].evaluations[-1] == 3
