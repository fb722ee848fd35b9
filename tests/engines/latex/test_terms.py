"""Terms: whatever is written reads back as the same number, and nothing is written that need not be."""

import ast
import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines.latex import terms
from ravine.engines.latex.letters import letter
from ravine.engines.latex.terms import Term

from .reading import Reader

VALUES = {"a": 1.25, "b": -0.75, r"\hat m": 2.0, r"\beta_1": 0.5, r"v_{\max}": 3.0, r"\mathrm{root}": 1.5}
LEAVES = st.one_of(
    st.sampled_from(sorted(VALUES)).map(lambda name: (Term(name), VALUES[name])),
    st.sampled_from([0, 1, 2, 0.5, -1, -3.5, 1e-6, 2.5e-7]).map(lambda value: (terms.number(value), value)),
)
BINARY = {
    terms.add: lambda a, b: a + b,
    terms.subtract: lambda a, b: a - b,
    terms.multiply: lambda a, b: a * b,
    terms.divide: lambda a, b: a / b,
    terms.FUNCTIONS["maximum"]: max,
    terms.FUNCTIONS["minimum"]: min,
}
COMPARED = {ast.Gt: operator.gt, ast.Lt: operator.lt, ast.GtE: operator.ge, ast.LtE: operator.le}
UNARY = {
    terms.negative: lambda a: -a,
    terms.FUNCTIONS["absolute"]: abs,
    terms.FUNCTIONS["sign"]: lambda a: math.copysign(1, a) if a else 0,
    terms.FUNCTIONS["cos"]: math.cos,
    terms.FUNCTIONS["sin"]: math.sin,
    terms.FUNCTIONS["square"]: lambda a: a * a,
    terms.FUNCTIONS["norm"]: abs,
}


def grown(below):
    picked = st.tuples(st.sampled_from(list(COMPARED)), below, below, below, below).map(chosen)
    two = st.tuples(st.sampled_from(list(BINARY)), below, below)
    one = st.tuples(st.sampled_from(list(UNARY)), below)
    return st.one_of(two.map(combined), one.map(combined), picked)


def chosen(parts):
    """A choice between two terms by a comparison of two others, and its value."""
    compare, (a, left), (b, right), (x, one), (y, other) = parts
    return terms.where(terms.COMPARISONS[compare](a, b), x, y), one if COMPARED[compare](left, right) else other


def combined(parts):
    """A term of terms, and its value; where it has none, its first part."""
    written, *operands = parts
    value = {**BINARY, **UNARY}[written]
    try:
        return written(*(term for term, _ in operands)), value(*(number for _, number in operands))
    except ZeroDivisionError:
        return operands[0]


@given(st.recursive(LEAVES, grown, max_leaves=12))
def test_what_is_written_reads_back_as_the_same_number(pair):
    term, value = pair
    assert Reader(term.text, VALUES).evaluate() == pytest.approx(value, rel=1e-9, abs=1e-12)


EITHER = terms.where(terms.compare(">")(Term("t"), terms.ONE), Term("a"), Term("b"))


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (terms.multiply(Term("a"), terms.number(2)), r"a \cdot 2"),
        (terms.multiply(terms.number(2), Term("a")), "2 a"),
        (terms.multiply(terms.number(1), Term("a")), "a"),
        (terms.multiply(terms.ZERO, Term("a")), "0"),
        (terms.add(Term("a"), terms.multiply(terms.ZERO, Term("b"))), "a"),
        (terms.add(Term("a"), terms.negative(Term("b"))), "a - b"),
        (terms.subtract(Term("a"), terms.add(Term("b"), Term("c"))), "a - (b + c)"),
        (terms.power(terms.add(Term("a"), Term("b")), terms.number(2)), "(a + b)^2"),
        (terms.power(Term(r"\hat m"), terms.number(2)), r"{\hat m}^2"),
        (terms.power(terms.divide(Term("a"), Term("b")), terms.number(2)), r"\left(\frac{a}{b}\right)^2"),
        (terms.divide(terms.ZERO, Term("a")), "0"),
        (terms.FUNCTIONS["sqrt"](terms.add(Term("a"), terms.number(1e-8))), r"\sqrt{a + 10^{-8}}"),
        (terms.number(-0.5), "-0.5"),
        (terms.where(terms.compare(">")(Term("t"), terms.ONE), Term("a"), Term("a")), "a"),
        (terms.add(EITHER, Term("c")), rf"\left({EITHER.text}\right) + c"),
        (terms.subtract(EITHER, Term("c")), rf"\left({EITHER.text}\right) - c"),
        (terms.multiply(EITHER, Term("c")), rf"\left({EITHER.text}\right) c"),
    ],
)
def test_it_is_written_as_people_do(term, text):
    assert term.text == text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("p", "p"),
        ("lr", r"\alpha"),
        ("momentum", r"\rho"),
        ("rho", r"\rho"),
        ("eps", r"\epsilon"),
        ("beta1", r"\beta_1"),
        ("beta_2", r"\beta_2"),
        ("m_hat", r"\hat m"),
        ("m1_hat", r"\hat m_1"),
        ("v_max", r"v_{\max}"),
        ("rho_inf", r"\rho_{\infty}"),
        ("mu_next", r"\mu_+"),
        ("mu_product", r"\mu_{\Pi}"),
        ("x_12", "x_{12}"),
        ("theta_bar", r"\bar \theta"),
        ("scale", r"\mathrm{scale}"),
        ("scale_old", r"\mathrm{scale}_{\mathrm{old}}"),
        ("p_t", "p_t"),
    ],
)
def test_names_become_letters(name, written):
    assert letter(name) == written
