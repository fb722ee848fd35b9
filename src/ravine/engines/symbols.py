"""Symbols: what stands in for numbers and tensors while a rule's arithmetic is read off.

A symbol takes part in whatever `update` does with a tensor and remembers it. What cannot be written as one loop
over elements is refused where it stands, with what to write instead.
"""

import linecache
import sys
from inspect import isfunction
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from ..errors import RavineError
from ..rules import arithmetic, matrix, rule

OPERANDS = (int, float)
"""What may meet a symbol as a plain number."""

_HERE = Path(__file__).parent
_NOT_THE_AUTHOR = {str(_HERE / "symbols.py"), str(_HERE / "trace.py"), arithmetic.__file__, matrix.__file__}


class NoLoop(RavineError):
    """What a rule does is no mistake, and no loop over elements either."""


class Symbol:
    """One value of an expression: an operation and what it takes.

    `detail` is what is neither a symbol nor an operation: the name of an input, a number.

    >>> p, lr = Symbol("element", detail="p"), Symbol("field", detail="lr")
    >>> p - 2 * lr
    subtract(p, multiply(2.0, lr))
    """

    __slots__ = ("args", "detail", "operation")

    def __init__(self, operation: str, *args: Any, detail: Any = None) -> None:
        self.operation = operation
        self.args = tuple(_symbol(arg, operation) for arg in args)
        self.detail = detail

    def __repr__(self) -> str:
        if self.detail is not None:
            return str(self.detail)
        return f"{self.operation}({', '.join(map(repr, self.args))})"

    def __add__(self, other: Any) -> "Symbol":
        return Symbol("add", self, other)

    def __radd__(self, other: Any) -> "Symbol":
        return Symbol("add", other, self)

    def __sub__(self, other: Any) -> "Symbol":
        return Symbol("subtract", self, other)

    def __rsub__(self, other: Any) -> "Symbol":
        return Symbol("subtract", other, self)

    def __mul__(self, other: Any) -> "Symbol":
        return Symbol("multiply", self, other)

    def __rmul__(self, other: Any) -> "Symbol":
        return Symbol("multiply", other, self)

    def __truediv__(self, other: Any) -> "Symbol":
        return Symbol("divide", self, other)

    def __rtruediv__(self, other: Any) -> "Symbol":
        return Symbol("divide", other, self)

    def __pow__(self, other: Any) -> "Symbol":
        if isinstance(other, OPERANDS) and other in _POWERS:
            return _POWERS[other](self)
        return Symbol("power", self, other)

    def __rpow__(self, other: Any) -> "Symbol":
        return Symbol("power", other, self)

    def __neg__(self) -> "Symbol":
        return Symbol("negative", self)

    def __pos__(self) -> "Symbol":
        return self

    def __abs__(self) -> "Symbol":
        return Symbol("absolute", self)

    def __gt__(self, other: Any) -> "Symbol":
        return Symbol("greater", self, other)

    def __lt__(self, other: Any) -> "Symbol":
        return Symbol("greater", other, self)

    def __ge__(self, other: Any) -> "Symbol":
        return Symbol("at_least", self, other)

    def __le__(self, other: Any) -> "Symbol":
        return Symbol("at_least", other, self)

    def __eq__(self, other: object) -> Any:
        return Symbol("equal", self, other)

    def __ne__(self, other: object) -> Any:
        return Symbol("unequal", self, other)

    __hash__ = object.__hash__

    def sqrt(self) -> "Symbol":
        """Takes the square root."""
        return Symbol("sqrt", self)

    def exp(self) -> "Symbol":
        """Takes the exponential."""
        return Symbol("exp", self)

    def log(self) -> "Symbol":
        """Takes the natural logarithm."""
        return Symbol("log", self)

    def cos(self) -> "Symbol":
        """Takes the cosine."""
        return Symbol("cos", self)

    def sin(self) -> "Symbol":
        """Takes the sine."""
        return Symbol("sin", self)

    def abs(self) -> "Symbol":
        """Takes the absolute value."""
        return Symbol("absolute", self)

    def sign(self) -> "Symbol":
        """Gives -1, 0 or 1."""
        return Symbol("sign", self)

    def square(self) -> "Symbol":
        """Multiplies by itself."""
        return self * self

    def maximum(self, other: Any) -> "Symbol":
        """Takes the larger of two; NaN stays."""
        return Symbol("maximum", self, other)

    def minimum(self, other: Any) -> "Symbol":
        """Takes the smaller of two; NaN stays."""
        return Symbol("minimum", self, other)

    def clamp(self, min: Any = None, max: Any = None) -> "Symbol":
        """Puts it between two bounds, under torch's names for them; NaN stays."""
        above = self if min is None else self.maximum(min)
        return above if max is None else above.minimum(max)

    def ne(self, other: Any) -> "Symbol":
        """Tells where the two differ."""
        return Symbol("unequal", self, other)

    def where(self, condition: Any, other: Any) -> "Symbol":
        """Keeps itself where the condition holds."""
        return Symbol("where", condition, self, other)

    def pick(self, x: Any, y: Any) -> "Symbol":
        """As a condition: gives `x` where it holds, else `y`."""
        return Symbol("where", self, x, y)

    def norm(self) -> "Symbol":
        """Takes the Euclidean norm of a tensor."""
        return Symbol("norm", self)

    def mean(self) -> "Symbol":
        """Takes the mean over the elements of a tensor."""
        return Symbol("mean", self)

    def global_norm(self) -> "Symbol":
        """Takes the Euclidean norm over all tensors."""
        return Symbol("global_norm", self)

    def normal(self, seed: Any, t: Any, tensor: Any) -> "Symbol":
        """Draws one standard normal number per element."""
        return Symbol("normal", seed, t, tensor)

    def map(self, *_: Any) -> NoReturn:
        """Refuses what looks at whole tensors."""
        raise NoLoop("the rule works on whole matrices, as torch's own products do best.")

    newton_schulz = map

    def __bool__(self) -> bool:
        return refuse("asks a value for yes or no, and it may be no for one element and yes for the next", _BRANCH)

    def __float__(self) -> NoReturn:
        refuse("makes a plain number of a value that differs from element to element or from step to step", _CALLS)

    __int__ = __index__ = __len__ = __iter__ = __contains__ = __float__

    def __getitem__(self, key: Any) -> NoReturn:
        refuse(f"takes the part [{key}] of a tensor, and a loop sees one element at a time", _CALLS)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)  # copying, NumPy and others ask for hooks that are not there
        refuse(f"calls .{name} of a tensor, which is not known here", _CALLS)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Takes torch's functions by the name of the method, so that `torch.sqrt(v)` is `v.sqrt()`."""
        name = getattr(function, "__name__", str(function))
        if name == "where" and not kwargs:
            return Symbol("where", *args)
        if name in _METHODS and args and isinstance(args[0], Symbol):
            return getattr(args[0], name)(*args[1:], **(kwargs or {}))
        return refuse(f"calls torch.{name}, which is not known here", _CALLS)

    def __array_ufunc__(self, ufunc: Any, *_: Any, **__: Any) -> NoReturn:
        refuse(f"calls numpy.{ufunc.__name__}, which is not known here", _CALLS)


_METHODS = {"sqrt", "exp", "log", "cos", "sin", "abs", "sign", "square", "maximum", "minimum", "clamp"}
_METHODS |= {"norm", "mean", "ne"}

_POWERS = {
    0: lambda _: Symbol("number", detail=1.0),
    0.5: Symbol.sqrt,
    1: lambda x: x,
    2: lambda x: x * x,
    3: lambda x: x * x * x,
    -1: lambda x: 1 / x,
}
"""Powers that are written out, as torch does for these."""

_BRANCH = "write where(condition, a, b), or let a field that is fixed when the rule is made decide"
_KNOWN = [name for name, known in vars(arithmetic).items() if isfunction(known) and name in rule.__all__]
_CALLS = f"write it with {', '.join(_KNOWN)} and + - * / **"


def _symbol(value: Any, operation: str) -> Symbol:
    if isinstance(value, Symbol):
        return value
    if isinstance(value, OPERANDS):
        return Symbol("number", detail=float(value))
    return refuse(f"hands a {type(value).__name__} to {operation}, where numbers and tensors go", _CALLS)


def refuse(does: str, instead: str) -> NoReturn:
    """Refuses what a rule's author wrote, naming the line.

    Args:
        does: What the line does.
        instead: What to write.

    Raises:
        RavineError: Always.
    """
    raise RavineError(f"{_place()} {does}: {instead}.")


def _place() -> str:
    """Names the innermost line that is not Ravine's way of reading a rule: the author's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in _NOT_THE_AUTHOR:
        frame = frame.f_back
    assert frame is not None
    file, line = frame.f_code.co_filename, frame.f_lineno
    written = linecache.getline(file, line).strip()
    rule = frame.f_locals.get("self")
    owner = f"{type(rule).__name__}." if rule is not None else ""
    quoted = f" `{written}`" if written else ""
    return f"{owner}{frame.f_code.co_name} ({Path(file).name}, line {line}){quoted}"
