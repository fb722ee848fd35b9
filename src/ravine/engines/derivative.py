"""Derivatives: a formula that was read off as symbols, differentiated into symbols again.

In reverse, as autograd does it: from the value back to what it was worked out from, each value visited once, with the
slope of the whole in it. What every operation passes on is what PyTorch's own backward passes on, also where there is
no derivative: 0 of `absolute` at 0, half to each of two equal symbols in `maximum`, all of it to a symbol that has
reached a number.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import RavineError
from .symbols import Symbol
from .trace import REDUCTIONS, needed

Slopes = Sequence[Symbol | None]
"""The slope in each thing that an operation takes; None where nothing depends on it."""


def derivative(value: Symbol, inputs: Sequence[Symbol]) -> list[Symbol]:
    """Differentiates a formula.

    Args:
        value: The formula.
        inputs: What to differentiate with respect to: inputs of it, known by their kind and name.

    Returns:
        The derivative with respect to each.

    Raises:
        RavineError: The formula takes all elements of a tensor together.

    >>> x, y = Symbol("scalar", detail="x"), Symbol("scalar", detail="y")
    >>> derivative(3 * x + y**2, [x, y])
    [3.0, multiply(2.0, y)]
    """
    wanted = {(each.operation, each.detail) for each in inputs}
    roots: list[Any] = [value]
    order: list[Any] = list(needed(roots))  # walks symbols as it walks nodes
    depends = {id(each) for each in order if _name(each) in wanted}
    for each in order:
        if any(id(arg) in depends for arg in each.args):
            depends.add(id(each))
    found: dict[Any, Symbol] = {}
    slopes: dict[int, Symbol] = {id(value): ONE}
    for each in reversed(order):
        if id(each) not in slopes or id(each) not in depends:
            continue
        slope = slopes[id(each)]
        if _name(each) in wanted:
            found[_name(each)] = _sum(found.get(_name(each)), slope)
            continue
        for arg, part in zip(each.args, _passed_on(each, slope), strict=True):
            if part is not None and id(arg) in depends:
                slopes[id(arg)] = _sum(slopes.get(id(arg)), part)
    return [found.get(_name(each), ZERO) for each in inputs]


def _name(symbol: Symbol) -> tuple[str, Any]:
    return symbol.operation, None if symbol.args else symbol.detail


def _sum(before: Symbol | None, slope: Symbol) -> Symbol:
    return slope if before is None else before + slope


def _passed_on(symbol: Symbol, slope: Symbol) -> Slopes:
    if symbol.operation in REDUCTIONS:
        raise RavineError(
            f"{symbol!r} takes all elements of a tensor together, and derivatives are worked out element by element: "
            "differentiate what stands inside of it."
        )
    if symbol.operation in FLAT:
        return [None] * len(symbol.args)
    return BACKWARD[symbol.operation](slope, symbol, *symbol.args)


def _number(value: float) -> Symbol:
    return Symbol("number", detail=value)


ZERO, ONE = _number(0.0), _number(1.0)
FLAT = ("normal", "greater", "at_least", "equal", "unequal")
"""Operations through which nothing passes: where they move at all, they jump."""


def _times(slope: Symbol, factor: Symbol) -> Symbol:
    return factor if slope is ONE else slope * factor


def _negative(slope: Symbol) -> Symbol:
    return _number(-slope.detail) if slope.operation == "number" else -slope


def _multiply(slope: Symbol, _: Symbol, x: Symbol, y: Symbol) -> Slopes:
    return (_times(slope, 2 * x), None) if x is y else (_times(slope, y), _times(slope, x))


def _divide(slope: Symbol, quotient: Symbol, _: Symbol, y: Symbol) -> Slopes:
    return slope / y, _negative(slope) * (quotient / y)


def _power(slope: Symbol, power: Symbol, x: Symbol, y: Symbol) -> Slopes:
    if y.operation == "number":
        return _times(slope, y * x ** (y.detail - 1)) if y.detail else ZERO, None
    in_base = Symbol("where", y == 0, ZERO, slope * (y * x ** (y - 1)))
    grows = power * x.log()
    if x.operation != "number" or x.detail == 0:  # 0 stays 0 whatever its power
        grows = Symbol("where", x == 0, Symbol("where", y >= 0, ZERO, grows), grows)
    return in_base, _times(slope, grows)


def _extreme(slope: Symbol, extreme: Symbol, x: Symbol, y: Symbol) -> Slopes:
    first, second = (x, y) if extreme.operation == "maximum" else (y, x)
    if "number" in (x.operation, y.operation):  # a bound, as of torch's clamp
        return Symbol("where", first >= second, slope, ZERO), Symbol("where", second >= first, slope, ZERO)
    shared = Symbol("where", x == y, slope / 2, slope)
    return Symbol("where", first < second, ZERO, shared), Symbol("where", first > second, ZERO, shared)


def _where(slope: Symbol, _: Symbol, condition: Symbol, *__: Symbol) -> Slopes:
    return None, Symbol("where", condition, slope, ZERO), Symbol("where", condition, ZERO, slope)


BACKWARD: Mapping[str, Callable[..., Slopes]] = {
    "add": lambda slope, *_: (slope, slope),
    "subtract": lambda slope, *_: (slope, _negative(slope)),
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "negative": lambda slope, *_: (_negative(slope),),
    "absolute": lambda slope, _, x: (_times(slope, x.sign()),),
    "sign": lambda *_: (ZERO,),
    "sqrt": lambda slope, root, _: (slope / (2 * root),),
    "exp": lambda slope, exp, _: (_times(slope, exp),),
    "log": lambda slope, _, x: (slope / x,),
    "cos": lambda slope, _, x: (_times(slope, -x.sin()),),
    "sin": lambda slope, _, x: (_times(slope, x.cos()),),
    "maximum": _extreme,
    "minimum": _extreme,
    "where": _where,
}
"""What each operation passes on: of the slope in its value, its value, and what it takes."""
