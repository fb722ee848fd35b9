"""Prints values of a traced program as lines of code, one assignment each, in any language's forms."""

from collections.abc import Mapping, Sequence

from .trace import Node, needed

INPUTS = ("element", "scalar", "field", "count", "tensor")
"""What comes from outside and has to be given a name before anything is printed."""


def statements(
    roots: Sequence[Node], names: Mapping[Node, str], forms: Mapping[str, str], letter: str
) -> tuple[list[str], dict[Node, str]]:
    """Prints what works out some values from others.

    Args:
        roots: The values wanted.
        names: What values that are there already are called; every input among them.
        forms: How each operation is written, such as `{"add": "{0} + {1}"}`; a number under "number".
        letter: What the names of new values begin with.

    Returns:
        One assignment per new value, and the names of all.

    >>> from ..rules import SGD
    >>> from .trace import symbolic, trace
    >>> program = trace(symbolic(SGD()))
    >>> inputs = {node: node.detail for node in program.nodes if node.operation in INPUTS}
    >>> forms = {"multiply": "{0} * {1}", "subtract": "{0} - {1}"}
    >>> statements([program.outputs["p"]], inputs, forms, letter="x")[0]
    ['x0 = lr * g', 'x1 = p - x0']
    """
    lines, known = [], dict(names)
    for node in needed(roots, given=list(names)):
        text = repr(node.detail) if node.operation == "number" else None
        args = [text] if text is not None else [known[arg] for arg in node.args]
        name = f"{letter}{len(lines)}"
        lines.append(f"{name} = {forms[node.operation].format(*args)}")
        known[node] = name
    return lines, known
