"""Winners that lose in every part: in every class, in every group, or on every fold (Simpson's paradox).

Simpson 1951, "The Interpretation of Interaction in Contingency Tables". Where a metric is a mean over examples and all
methods are tested on the same ones, no class and no group can contradict the whole: it takes a metric that is no mean,
such as F1 or the area under the curve, or folds beside a test set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np
import torch

from ..data.measures import hits
from ..training.evaluate import Outputs
from ..training.stage import Stage
from .record import Record

if TYPE_CHECKING:
    from .study import Study

Floats = Sequence[float] | np.ndarray
MOST = 50
"""More classes or groups than these are too small each to say anything."""
SHOWN = 6
"""So many parts are told with their numbers."""
KINDS = {"class": "is right less often in every class", "group": "is worse in every group"}


class Reversal(NamedTuple):
    """Two that stand one way round on the whole, and the other way round in every part.

    Attributes:
        winner: Who is better on the whole.
        other: Who is better in every part.
        whole: The scores of both on the whole.
        parts: Those in each part, by its label.
    """

    winner: str
    other: str
    whole: tuple[float, float]
    parts: dict[str, tuple[float, float]]


def reversal(
    names: tuple[str, str], whole: tuple[float, float], parts: Mapping[str, tuple[float, float]], *, higher: bool,
    higher_within: bool | None = None,
) -> Reversal | None:  # fmt: skip
    """Tells whether the better one of two is the worse one in every part.

    Args:
        names: Both.
        whole: Their scores on the whole.
        parts: Their scores in each part, by its label; at least two parts are needed.
        higher: Whether higher scores are better.
        higher_within: The same for the parts, where they are scored by something else.

    Returns:
        The reversal; None where there is none, also where a score is missing (NaN).

    >>> reversal(("A", "B"), (0.8, 0.7), {"x": (0.9, 0.95), "y": (0.5, 0.6)}, higher=True).winner
    'A'
    """
    sign = 1 if higher else -1
    sign_within = sign if higher_within is None else 1 if higher_within else -1
    ahead = np.sign(sign * (whole[0] - whole[1]))
    within = [np.sign(sign_within * (mine - others)) for mine, others in parts.values()]
    if ahead not in (1, -1) or len(within) < 2 or any(each != -ahead for each in within):
        return None
    turn = slice(None, None, int(ahead))
    (winner, other), (first, second) = names[turn], whole[turn]
    return Reversal(winner, other, (first, second), {label: (p[turn][0], p[turn][1]) for label, p in parts.items()})


def scored_within(here: Stage, said: Outputs) -> dict[str, np.ndarray]:
    """Scores the examples of each class, by the share of right answers, and of each group, by the metric.

    Args:
        here: What is judged.
        said: Outputs and targets.

    Returns:
        "class", "class_names", "group", "group_names": scores and labels, for those of the two that there are.
    """
    found: dict[str, np.ndarray] = {}
    if names_classes(here, said):
        labels, place = np.unique(said.targets.numpy().astype(np.int64), return_inverse=True)
        right = hits(said.outputs, said.targets).numpy()
        called = here.train.coding.classes or tuple(range(int(labels.max()) + 1))
        scores = [float(right[place == k].mean()) for k in range(len(labels))]
        _put(found, "class", [str(called[int(k)]) for k in labels], scores)
    if here.judged.groups is not None:
        labels, place = np.unique(np.asarray(here.judged.groups), return_inverse=True)
        few = labels if len(labels) <= MOST else labels[:0]
        _put(found, "group", few, [_score(here, said, place == k) for k in range(len(few))])
    return found


def names_classes(here: Stage, said: Outputs) -> bool:
    """Tells whether each example has one class, whose logit outputs hold.

    Args:
        here: What is judged.
        said: Outputs and targets.

    Returns:
        Whether a class and its probability can be read from outputs.
    """
    targets = said.targets
    whole = targets.dim() == 1 and bool(((targets == targets.round()) & (targets >= 0)).all())
    return here.metrics[1].name == "log_loss" and whole


def _put(found: dict[str, np.ndarray], kind: str, labels: Any, scores: list[float]) -> None:
    if 2 <= len(labels) <= MOST:
        found |= {kind: np.array(scores), f"{kind}_names": np.array(labels, dtype=str)}


def _score(here: Stage, said: Outputs, rows: np.ndarray) -> float:
    chosen = torch.from_numpy(rows)
    try:
        return here.metrics[0].value(said.outputs[chosen], said.targets[chosen])
    except Exception:  # noqa: BLE001 - a metric may refuse a part, such as a group of one class; the whole is judged
        return float("nan")


def paradoxes(study: Study, shown: Callable[[float], str]) -> Iterator[str]:
    """Names a winner that loses to another in every class or group, and one of the test set that no fold confirms.

    Args:
        study: The study.
        shown: Writes a score of its metric.

    Yields:
        One sentence for each.
    """
    verdict, names = study.verdict, list(study.summary().method)
    if verdict is None or len(names) < 2:
        return
    leader, means = names[0], {name: verdict.of(name).mean for name in names}
    within = _within(study.latest)
    for other in names[1:]:
        for kind, loses in KINDS.items():
            parts = _parts(within, kind, leader, other)
            of_classes = True if kind == "class" else None
            found = reversal(
                (leader, other), (means[leader], means[other]), parts,
                higher=study.higher_is_better, higher_within=of_classes,
            )  # fmt: skip
            if _told(found, leader, shown):
                yield _sentence(found, f"on all test examples, but {loses}", shown, kind, share=kind == "class")
    best = (max if study.higher_is_better else min)(names, key=lambda name: means[name])
    folds = _folds(study, leader, best)
    found = reversal((leader, best), (means[leader], means[best]), folds, higher=study.higher_is_better)
    if _told(found, best, shown):
        yield _sentence(found, "on the test set, but is worse on every fold", shown, "fold")


def _told(found: Reversal | None, winner: str, shown: Callable[[float], str]) -> TypeGuard[Reversal]:
    """Tells whether a reversal is that of a winner, and its lead is large enough to be seen in what is shown."""
    return found is not None and found.winner == winner and len({shown(score) for score in found.whole}) == 2


def _within(latest: Sequence[Record]) -> dict[str, dict[str, dict[str, float]]]:
    """Gives the mean score over fresh seeds, by kind of part, method, and label."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {kind: {} for kind in KINDS}
    for one in latest:
        if one.record["stage"] != "tuned":
            continue
        for kind in KINDS:
            labels = one.arrays.get(f"{kind}_names", np.array([], dtype=str))
            for label, score in zip(labels, one.arrays.get(kind, ()), strict=True):
                found[kind].setdefault(one.record["method"], {}).setdefault(str(label), []).append(float(score))
    return {
        kind: {who: {label: float(np.mean(each)) for label, each in by.items()} for who, by in methods.items()}
        for kind, methods in found.items()
    }


def _parts(within: Mapping[str, Any], kind: str, one: str, other: str) -> dict[str, tuple[float, float]]:
    mine, others = within[kind].get(one, {}), within[kind].get(other, {})
    return {label: (score, others[label]) for label, score in mine.items() if label in others}


def _folds(study: Study, one: str, other: str) -> dict[str, tuple[float, float]]:
    """Gives the validation scores of two methods' chosen settings, fold by fold."""
    table: Any = study.table()
    by_name = {}
    for name in (one, other):
        chosen = study.facts.get("races", {}).get(name, {}).get("chosen")
        runs = table[(table.method == name) & (table.stage == "search") & (table.setting == chosen)]
        by_name[name] = dict(zip(runs.fold, runs.score, strict=True))
    mine, others = by_name[one], by_name[other]
    return {str(fold + 1): (score, others[fold]) for fold, score in mine.items() if fold in others}


def _sentence(found: Reversal, where: str, shown: Callable[[float], str], kind: str, *, share: bool = False) -> str:
    def told(score: float) -> str:
        return f"{100 * score:.1f} %" if share else shown(score)

    first, second = (shown(score) for score in found.whole)
    listed = [f"{kind} {label}: {told(p)} against {told(q)}" for label, (p, q) in list(found.parts.items())[:SHOWN]]
    rest = [f"and so on, in all {len(found.parts)}"] if len(found.parts) > SHOWN else []
    return f"{found.winner} beats {found.other} {where} ({first} against {second}): {'; '.join([*listed, *rest])}."
