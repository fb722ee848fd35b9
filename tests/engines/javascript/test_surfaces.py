"""Printed surfaces in a real browser: value and gradient as in float64, from one formula."""

import json
import math

import numpy as np
import pytest

from ravine.engines.javascript import print_surface
from ravine.errors import RavineError
from ravine.functions import SURFACES, Surface, surface
from ravine.functions.elementary import exp

from .cases import Tab

HIGH = [surface(name, n=7) for name in ("rastrigin", "ackley")]
ALL = [*SURFACES.values(), *HIGH]
AT = """(points) => JSON.stringify(SURFACES.map((surface, k) => points[k].map(
  (point) => ({ value: surface.value(point), gradient: [...surface.gradient(point)] }))))"""


def points_of(each):
    """Random points of the box, and those where something is known."""
    low, high = np.array(each.box).T
    inside = low + (high - low) * np.random.default_rng(0).random((200, each.dimensions))
    return np.concatenate([inside, [each.start], *([p.x] for p in (*each.minima, *each.saddles, *each.maxima))])


@pytest.fixture(scope="module")
def tab(browser):
    tab = Tab(browser)
    tab.load(SURFACES=[print_surface(each) for each in ALL])
    yield tab
    assert tab.heard == []
    tab.context.close()


@pytest.fixture(scope="module")
def found(tab):
    return json.loads(tab.page.evaluate(AT, [points_of(each).tolist() for each in ALL]))


@pytest.mark.parametrize("number", range(len(ALL)), ids=[repr(each) for each in ALL])
def test_every_surface_has_the_value_and_the_gradient_that_it_has_in_float64(found, number):
    each, points = ALL[number], points_of(ALL[number])[:200]
    values, gradients = each(points), each.gradient(points)
    np.testing.assert_allclose([at["value"] for at in found[number][:200]], values, rtol=1e-12)
    sizes = np.linalg.norm(gradients, axis=-1, keepdims=True)
    assert (np.abs([at["gradient"] for at in found[number][:200]] - gradients) <= 1e-12 * sizes).all()


@pytest.mark.parametrize("number", range(len(ALL)), ids=[repr(each) for each in ALL])
def test_what_is_known_of_a_surface_is_known_in_the_page(tab, found, number):
    each, points = ALL[number], points_of(ALL[number])
    told = tab.page.evaluate(f"SURFACES[{number}]")
    assert (told["name"], told["title"], told["formula"]) == (each.name, each.title, each.formula)
    assert (told["text"], told["dimensions"], tuple(told["start"])) == (repr(each), each.dimensions, each.start)
    assert (tuple(map(tuple, told["box"])), len(told["otherStarts"])) == (each.box, len(each.other_starts))
    known = [point for kind in ("minima", "saddles", "maxima") for point in told[kind]]
    assert [point["x"] for point in known] == points[201:].tolist()
    assert [point["value"] for point in known] == [p.value for p in (*each.minima, *each.saddles, *each.maxima)]
    # The formula is as flat there as in float64, and no number where that has none: at the tip of Ackley's.
    steepest = np.abs(each.gradient(points[:200])).max()
    here = np.array([at["gradient"] for at in found[number][201:]], dtype=float)
    np.testing.assert_allclose(here, each.gradient(points[201:]).reshape(here.shape), rtol=0, atol=1e-12 * steepest)


class Plane(Surface):
    """A surface on which nothing depends on the second coordinate."""

    def value(self, x, y):  # noqa: ARG002
        return exp(2 * x)


class Plateau(Surface):
    """A surface on which nothing depends on anything."""

    def value(self, x, y):  # noqa: ARG002
        return 3


def test_what_does_not_depend_has_no_slope(browser):
    tab = Tab(browser)
    tab.load(SURFACES=[print_surface(Plane()), print_surface(Plateau())])
    plane, plateau = json.loads(tab.page.evaluate(AT, [[[0.5, 9.0]]] * 2))
    assert plane == [{"value": pytest.approx(math.e, rel=1e-15), "gradient": [pytest.approx(2 * math.e, rel=1e-15), 0]}]
    assert plateau == [{"value": 3, "gradient": [0, 0]}]
    tab.context.close()


class Branching(Surface):
    """A surface that no formula says."""

    def value(self, x, y):
        return x if x > y else y


class Several(Surface):
    """A surface with two values."""

    def value(self, x, y):
        return [x, y]


def test_what_is_no_formula_of_one_value_is_refused_in_one_line():
    with pytest.raises(
        RavineError, match=r"^Branching\.value \(test_surfaces\.py, line \d+\) `return x if x > y else y` "
    ):
        print_surface(Branching())
    with pytest.raises(RavineError, match=r"^Several\(\): its value must be a number, got a list\.$"):
        print_surface(Several())
