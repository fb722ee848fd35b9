"""Prints a surface as a JavaScript object that knows its value and its gradient, both from its one formula."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import RavineError
from ...fields import flag, inner
from ...functions import Surface
from ...rules import Rule
from ...rules.arithmetic import Start
from ..derivative import derivative
from ..symbols import Symbol
from ..trace import trace
from .lines import block, indented
from .literals import Names, literal
from .statements import declare


def print_surface(surface: Surface) -> str:
    """Prints a surface as an expression in JavaScript, whose value is an object.

    The object has what is known of the surface (`name`, `title`, `text`, `formula`, `dimensions`, `start`,
    `otherStarts`, `box`, and `minima`, `saddles`, `maxima` as `{ x, value }`), and

    - `value(point)`: the number there, of an array of coordinates;
    - `gradient(point)`: a Float64Array of the slopes along the coordinates.

    Args:
        surface: The surface; its fields are printed as the numbers that they hold.

    Returns:
        The expression, which may stand in a script element.

    Raises:
        RavineError: Its formula does what cannot be read off, or gives no number.

    >>> from ravine.functions import Rosenbrock
    >>> print(print_surface(Rosenbrock()).partition("maxima: [],")[2])
    <BLANKLINE>
      value(point) {
        const x = point[0], y = point[1];
        const c1 = 1 - x;
        const c2 = y - x * x;
        return c1 * c1 + 100 * (c2 * c2);
      },
      gradient(point) {
        const x = point[0], y = point[1];
        const c1 = 100 * (2 * (y - x * x));
        return Float64Array.of(-c1 * (2 * x) - (2 * (1 - x)), c1);
      },
    }
    """
    known = {
        "name": surface.name,
        "title": surface.title,
        "text": repr(surface),
        "formula": surface.formula,
        "dimensions": surface.dimensions,
        "start": surface.start,
        "otherStarts": surface.other_starts,
        "box": surface.box,
        **{kind: [point._asdict() for point in getattr(surface, kind)] for kind in ("minima", "saddles", "maxima")},
    }
    members = [f"{name}: {literal(value)}," for name, value in known.items()]
    members += block("value(point) {", _body(surface, slopes=False), "},")
    members += block("gradient(point) {", _body(surface, slopes=True), "},")
    return "\n".join(["{", *indented(members), "}"])


class _Formula(Rule):
    """A surface as `trace` takes it: the coordinates are slots of one number each, and what they move to the slopes."""

    surface: Surface = inner("surface", holds=(Surface,))
    slopes: bool = flag(False, "whether the slopes are wanted, and not the value")

    def slots(self) -> dict[str, Start]:
        names = [f"x{i + 1}" for i in range(self.surface.dimensions)]
        return {name: Start(0.0, scalar=True) for name in ("xy" if len(names) == 2 else names)}

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002
        value = self.surface.value(*state.values())
        if isinstance(value, (int, float)):
            value = Symbol("number", detail=float(value))
        if not isinstance(value, Symbol):
            raise RavineError(f"{self.surface!r}: its value must be a number, got a {type(value).__name__}.")
        if not self.slopes:
            return value, dict(state)
        return p, dict(zip(state, derivative(value, list(state.values())), strict=True))


def _body(surface: Surface, slopes: bool) -> Iterator[str]:
    formula = _Formula(surface, slopes=slopes)
    program, coordinates, names = trace(formula), list(formula.slots()), Names(("point",))
    known = {node: names.own(node.detail) for node in program.nodes if node.operation == "scalar"}
    read = [f"{name} = point[{k}]" for k, name in enumerate(coordinates) if name in known.values()]
    if read:
        yield f"const {', '.join(read)};"
    wanted = [program.outputs[name] for name in (coordinates if slopes else ["p"])]
    yield from declare([(node, None) for node in wanted if node not in known], known, names, "c", inline=wanted)
    written = [known[node] for node in wanted]
    yield f"return Float64Array.of({', '.join(written)});" if slopes else f"return {written[0]};"
