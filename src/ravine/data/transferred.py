"""Transferring weights from a file to a network, by name and shape, and a table of what became of every tensor."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..errors import RavineError, nearest
from .head import below


@dataclass(frozen=True)
class Row:
    """What became of one tensor: "loaded", "new" (made by the network's factory from the seed) or "skipped".

    A skipped one stands in the file and not in the network, or has another shape there.
    """

    name: str
    shape: tuple[int, ...]
    fate: str
    why: str = ""
    in_file: tuple[int, ...] | None = None
    """Its shape in the file, where that is another."""


@dataclass(frozen=True)
class Transferred:
    """What was loaded, skipped and newly made; `str` prints it as a table, a line per layer.

    >>> print(Transferred(Path("net.pt"), (Row("0.weight", (3, 2), "loaded"), Row("2.bias", (5,), "new", "made anew"))))
    net.pt: 1 tensor loaded, 1 new, 0 skipped
    loaded  0             weight [3, 2]
    new     2  made anew  bias [5]
    """

    path: Path
    rows: tuple[Row, ...]

    def of(self, fate: str) -> tuple[Row, ...]:
        """Gives the rows of one fate.

        Args:
            fate: "loaded", "new" or "skipped".

        Returns:
            The rows, those of the network in its order.
        """
        return tuple(row for row in self.rows if row.fate == fate)

    def __str__(self) -> str:
        counts = Counter(row.fate for row in self.rows)
        first = f"{counts['loaded']} tensor{'s' * (counts['loaded'] != 1)} loaded"
        head = f"{self.path.name}: {first}, {counts['new']} new, {counts['skipped']} skipped"
        lines = [_line(list(rows)) for _, rows in groupby(self.rows, key=_place)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        padded = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([head, *padded])


def _place(row: Row) -> tuple[str, str, str]:
    return row.fate, row.name.rpartition(".")[0], row.why


def _line(rows: list[Row]) -> tuple[str, str, str, str]:
    fate, layer, why = _place(rows[0])
    return fate, layer, why, ", ".join(map(_tensor, rows))


def _tensor(row: Row) -> str:
    other = "" if row.in_file is None else f" (file {list(row.in_file)})"
    return f"{row.name.rpartition('.')[2]} {list(row.shape)}{other}"


def load(model: nn.Module, given: Mapping[str, Tensor], anew: Iterable[str], path: Path) -> Transferred:
    """Loads into a network what fits it by name, shape and kind of number.

    Args:
        model: The network; it is changed in place.
        given: Tensors by the names that they have in the network.
        anew: Layers that keep what their factory made.
        path: The file of the tensors.

    Returns:
        What became of every tensor, of the network's and of the file's.

    Raises:
        RavineError: None of them fits a weight of the network.
    """
    own = {name: there for name, there in model.state_dict(keep_vars=True).items() if isinstance(there, Tensor)}
    misfits = {name: _misfit(given[name], own[name]) for name in own if name in given and not below(name, anew)}
    taken = {name: given[name] for name, why in misfits.items() if not why}
    learned = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    if not learned & set(taken):
        raise RavineError(_of_another(model, own, given, path))
    try:
        model.load_state_dict(taken, strict=False)
    except RuntimeError as error:  # a module of the user's may look at its state itself
        raise RavineError(f"{str(path)!r} cannot be loaded: {' '.join(str(error).split())}") from error
    shared = {id(own[name]) for name in taken}
    rows = [_row(name, there, given.get(name), misfits, anew, id(there) in shared) for name, there in own.items()]
    left = [Row(name, tuple(each.shape), "skipped", "not in the network") for name, each in given.items()]
    return Transferred(path, (*rows, *(row for row in left if row.name not in own)))


def _row(
    name: str, there: Tensor, given: Tensor | None, misfits: Mapping[str, str], anew: Iterable[str], is_shared: bool
) -> Row:
    lazy = is_lazy(there)
    shape = () if lazy else tuple(there.shape)
    in_file = None if given is None or lazy or tuple(given.shape) == shape else tuple(given.shape)
    if below(name, anew):
        return Row(name, shape, "new", "made anew", in_file)
    if name in misfits:
        return Row(name, shape, "skipped" if misfits[name] else "loaded", misfits[name], in_file)
    return Row(name, shape, "loaded", "shared") if is_shared else Row(name, shape, "new", "not in the file")


def _misfit(given: Tensor, there: Tensor) -> str:
    """Says why a tensor of the file does not fit where its name stands; nothing where it does."""
    if not is_lazy(there) and given.shape != there.shape:
        return "another shape in the file"
    kinds = [(each.is_floating_point(), each.is_complex()) for each in (given, there)]
    return "" if kinds[0] == kinds[1] else f"{str(given.dtype).removeprefix('torch.')} in the file"


def _of_another(model: nn.Module, own: Mapping[str, Tensor], given: Mapping[str, Tensor], path: Path) -> str:
    return (
        f"{str(path)!r} holds weights of another network: none of its {len(given)} tensors fits one of "
        f"{type(model).__name__}'s by name and shape. It begins with {_first(given)}, and the network with "
        f"{_first(own)}.{_advice(own, given)}"
    )


def _first(tensors: Mapping[str, Tensor]) -> str:
    said = [f"{name} {'' if is_lazy(each) else list(each.shape)}".rstrip() for name, each in tensors.items()]
    return ", ".join(said[:2]) or "nothing"


def _advice(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """Looks for a beginning by which the names differ, as wrappers around a network leave it."""
    found: Counter[tuple[str, str]] = Counter()
    for ours, there in own.items():
        for theirs, tensor in given.items():
            if not _misfit(tensor, there):
                if theirs.endswith(f".{ours}"):
                    found[theirs.removesuffix(ours), ""] += 1
                elif ours.endswith(f".{theirs}"):
                    found["", ours.removesuffix(theirs)] += 1
    if found:
        ((old, new), count), *_ = found.most_common(1)
        return f" With rename={{{old!r}: {new!r}}}, {count} would fit."
    return nearest(next(iter(given)), own)
