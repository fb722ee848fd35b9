"""What is kept of a run, and what a run is that was halved: the last of its stretches."""

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Record:
    """One run as it is kept: numbers and texts, one row per epoch, and per-example scores where it was tested."""

    key: str
    record: dict[str, Any]
    curve: list[dict[str, Any]]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def packed(arrays: dict[str, np.ndarray]) -> bytes | None:
    """Writes arrays as bytes that no pickle is needed to read.

    Args:
        arrays: The arrays by name.

    Returns:
        NumPy's own format; None where there are none.
    """
    if not arrays:
        return None
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # pyright: ignore[reportArgumentType] - savez takes arrays by any name
    return buffer.getvalue()


def unpacked(content: bytes | None) -> dict[str, np.ndarray]:
    """Reads what `packed` wrote.

    Args:
        content: The bytes, or None.

    Returns:
        The arrays by name.

    >>> unpacked(packed({"score": np.array([0.0, 1.0])}))["score"].tolist(), unpacked(packed({}))
    ([0.0, 1.0], {})
    """
    if content is None:
        return {}
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def decoded(text: str, shape: Sequence[int]) -> np.ndarray:
    """Reads bytes that stand in a text.

    Args:
        text: Base64.
        shape: The shape of what it holds.

    Returns:
        The bytes in that shape.

    >>> decoded("AAEC", [1, 3])
    array([[0, 1, 2]], dtype=uint8)
    """
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape)


def last_stretches(records: Iterable[Record]) -> list[Record]:
    """Picks the last stretch of every run: one that was halved has a record for each rung that it reached.

    Args:
        records: All that was kept.

    Returns:
        One record for each run.
    """
    last: dict[tuple[Any, ...], Record] = {}
    for record in sorted(records, key=lambda one: one.record["until"]):
        last[tuple(record.record[name] for name in ("method", "stage", "setting", "fold", "seed"))] = record
    return list(last.values())


def sound_refits(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Picks the refits at the tuned settings that did not diverge.

    Args:
        records: The last stretch of every run.

    Returns:
        Those of each method, in the order of their seeds.
    """
    found: dict[str, list[Record]] = {}
    for one in records:
        if one.record["stage"] == "tuned" and one.record["outcome"] not in ("diverged", "failed"):
            found.setdefault(one.record["method"], []).append(one)
    return {method: sorted(runs, key=lambda run: run.record["seed"]) for method, runs in found.items()}


def evaluations(records: Iterable[Record]) -> int:
    """Counts the gradient evaluations of runs, each example differentiated once.

    Args:
        records: What was kept of them.

    Returns:
        The count, with every stretch of a run counted once.
    """
    return sum(record.record["evaluations"] for record in last_stretches(records))
