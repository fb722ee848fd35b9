"""Printed formulas: whatever they are, they work out in a browser as in PyTorch, parentheses and all."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings

from ravine.engines.derivative import derivative
from ravine.engines.javascript import print_surface
from ravine.engines.javascript.statements import FORMS
from ravine.engines.latex import terms
from ravine.engines.native import source as native
from ravine.engines.triton import source as triton
from ravine.functions import Surface

from ..test_derivative import FORMULAS, POINTS, TORCH, X, Y, formula, worked_out

BOTH = "(() => {{ const surface = {0}; return [surface.value({1}), ...surface.gradient({1})]; }})()"


class Drawn(Surface):
    """A surface of a drawn formula."""

    text = None

    def value(self, *_):
        return formula(self.text)


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    yield page
    page.close()


@settings(max_examples=200)
@given(FORMULAS, POINTS.filter(math.isfinite), POINTS.filter(math.isfinite))
@example(("sub", "x", ("add", "y", 0.5)), 1.0, 2.0)
@example(("sub", "x", ("sub", "y", 0.5)), 1.0, 2.0)
@example(("truediv", "x", ("mul", "y", 3.0)), 1.0, 2.0)
@example(("pow", ("neg", "x"), 4), 1.0, 2.0)
@example(("neg", ("pow", "x", 4)), 1.0, 2.0)
@example(("neg", ("neg", "x")), 1.0, 2.0)
@example(("add", "x", ("neg", ("add", "y", 0.5))), 1.0, 2.0)
@example(("mul", ("gt", "x", "y", 3.0, "x"), 0.5), 1.0, 2.0)
def test_whatever_is_written_works_out_as_in_torch(page, text, x, y):
    at = {name: torch.tensor(value, dtype=torch.float64) for name, value in zip("xy", (x, y), strict=True)}
    symbol = formula(text)
    values = [list(map(float, worked_out(each, at))) for each in (symbol, *derivative(symbol, [X, Y]))]
    largest = max(abs(number) for each in values for number in each)
    assume(math.isfinite(largest))  # powers of one differ where there is no number; see FORMS
    kind = type("Drawn", (Drawn,), {"text": text})
    found = page.evaluate(BOTH.format(print_surface(kind()), f"[{x!r}, {y!r}]"))
    np.testing.assert_allclose(found, [each[-1] for each in values], rtol=1e-12, atol=1e-14 * largest)


def test_every_engine_writes_every_operation():
    operations = {*TORCH, "normal"}
    assert {*FORMS, "normal"} == native.FORMS.keys() - {"number"} == triton.FORMS.keys() - {"number"} == operations
    assert {"cos", "sin", "log", "exp", "sqrt", "sign", "where"} <= terms.FUNCTIONS.keys()
