"""Networks that begin with the weights of another: a model factory around a model factory."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

from torch import Tensor, nn

from ..errors import RavineError, nearest
from ..fields import text
from ..ranges import Range
from ..text import read
from .head import below, heads, resize
from .randomness import seeded
from .transferred import Transferred, load
from .weights_file import Weights, read_weights


@dataclass(frozen=True, eq=False)
class Pretrained:
    """Builds a network by another factory, and loads what fits of a file of weights into it.

    The file is read where the network is built, and refused where it is no longer the one whose `digest` was taken.
    `outputs` is what the labels need, if known. `report` tells what was loaded at the factory's own arguments.
    """

    model: Callable[..., nn.Module]
    file: Path
    digest: str
    outputs: int | None = None
    replace_head: bool | str | None = None
    rename: Mapping[str, str] | None = None
    strict: bool = False
    report: Transferred | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.replace_head, (bool, str, NoneType)):
            raise RavineError(
                f"replace_head={text(self.replace_head)}: it must be True, False, None or a pattern of layer names, "
                "such as 'classifier*'."
            )
        if not isinstance(self.rename, (Mapping, NoneType)):
            raise RavineError(
                f"rename={text(self.rename)}: it must be a dict of beginnings, such as {{'module.': ''}}."
            )
        # So that `inspect.signature` and error sentences see the factory that was given.
        object.__setattr__(self, "__wrapped__", self.model)
        object.__setattr__(self, "__name__", getattr(self.model, "__name__", type(self.model).__name__))

    def __call__(self, **arguments: Any) -> nn.Module:
        """Builds a network."""
        return self.transfer(**arguments)[0]

    def transfer(self, **arguments: Any) -> tuple[nn.Module, Transferred]:
        """Builds a network, and tells what was loaded into it.

        Args:
            **arguments: The arguments of the factory inside.

        Returns:
            The network, and what became of every tensor.

        Raises:
            RavineError: The file has changed, or fits nowhere; or in parts alone, and `strict` was asked for.
        """
        weights = read_weights(self.file)
        if weights.digest != self.digest:
            raise RavineError(
                f"the weights in {str(self.file)!r} are others than before: their digest was {self.digest!r}, and is "
                f"{weights.digest!r}."
            )
        model = self.model(**arguments)
        if not isinstance(model, nn.Module):
            return model, Transferred(weights.path, ())  # whoever asked for a network says what this is
        anew = heads(model, self.replace_head, self.outputs)
        model = resize(model, anew, self.outputs)
        told = load(model, _renamed(weights, self.rename or {}), anew, weights.path)
        partly = [row for row in told.rows if row.fate != "loaded" and not below(row.name, anew)]
        if self.strict and partly:
            more = f" (and {len(partly) - 1} more)" if len(partly) > 1 else ""
            raise RavineError(f"strict=True: {partly[0].name!r} is {partly[0].fate}, {partly[0].why}{more}.")
        return model, told

    def text(self, source: str) -> str:
        """Writes what makes the pretrained task again.

        Args:
            source: The text by which the task inside is found.

        Returns:
            The text, with the digest of the weights.
        """
        options = {
            "replace_head": self.replace_head,
            "rename": self.rename and dict(self.rename),
            "digest": self.digest,
        }
        named = [f"{name}={text(value)}" for name, value in options.items() if value is not None]
        named += ["strict=True"] if self.strict else []
        return f"pretrained({', '.join([repr(source), repr(str(self.file)), *named])})"


def read_pretrained(typed: str, find: Callable[[str], Any]) -> Any:
    """Makes the task of a text such as `pretrained('digits', 'weights.safetensors', replace_head=True)`.

    Args:
        typed: The text: the task inside, the file, and any argument of `Task.pretrained`.
        find: Finds the task inside by its text.

    Returns:
        The task.
    """

    def pretrained(
        task: str,
        file: str,
        *,
        replace_head: bool | str | None = None,
        rename: Mapping[str, str] | None = None,
        strict: bool = False,
        digest: str | None = None,
    ) -> Any:
        options = {"replace_head": replace_head, "rename": rename, "strict": strict, "digest": digest}
        return find(task).pretrained(file, **options)

    return read(typed, {"pretrained": pretrained})


def digest_of(model: Callable[..., Any]) -> str:
    """Tells which weights a model factory begins with.

    Args:
        model: The factory.

    Returns:
        The digest of their file, and of those inside; nothing where weights come from the seed alone.
    """
    return f"{model.digest} {digest_of(model.model)}".strip() if isinstance(model, Pretrained) else ""


def reported(factory: Pretrained, arguments: Mapping[str, Any]) -> Pretrained:
    """Builds the network once, so that a file that does not fit is refused where it was named.

    Args:
        factory: The factory.
        arguments: What the task has for its arguments, ranges among them.

    Returns:
        The factory with its report.

    Raises:
        RavineError: The network cannot be built, or the file does not fit.
    """
    given = settled(factory.model, arguments)
    try:
        with seeded(0):
            return dataclasses.replace(factory, report=factory.transfer(**given)[1])
    except RavineError:
        raise
    except Exception as error:  # a user's factory may raise anything
        reason = next(iter(str(error).splitlines()), "no reason given")
        raise RavineError(
            f"{getattr(factory, '__name__', '')} could not build the network: {type(error).__name__}: {reason}"
        ) from error


def settled(model: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the arguments of a model factory where nobody searches them.

    Args:
        model: The factory.
        arguments: Its arguments, ranges among them.

    Returns:
        The arguments; a range gives way to the factory's own default or, where there is none, to its middle.
    """
    try:
        parameters = inspect.signature(model).parameters
    except ValueError:  # a factory written in C tells nothing
        parameters = {}
    found = {}
    for name, value in arguments.items():
        if not isinstance(value, Range):
            found[name] = value
        elif name not in parameters or parameters[name].default is inspect.Parameter.empty:
            found[name] = value.at(0.5)
    return found


def _renamed(weights: Weights, rename: Mapping[str, str]) -> dict[str, Tensor]:
    """Gives tensors the names of the network: the longest beginning that is in `rename` is what changes."""
    for old in rename:
        if not any(name.startswith(old) for name in weights.tensors):
            raise RavineError(
                f"rename={dict(rename)!r}: no tensor in {str(weights.path)!r} has a name that begins with {old!r}."
                f"{nearest(old, [name[: len(old)] for name in weights.tensors])}"
            )
    named: dict[str, str] = {}
    for name in weights.tensors:
        old = max((old for old in rename if name.startswith(old)), key=len, default=None)
        new = name if old is None else rename[old] + name[len(old) :]
        if new in named:
            raise RavineError(f"rename={dict(rename)!r}: {named[new]!r} and {name!r} would both be {new!r}.")
        named[new] = name
    return {new: weights.tensors[name] for new, name in named.items()}
