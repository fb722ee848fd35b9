"""What the refits of a study answer, as far as it can be judged again without its task."""

import numpy as np

from ..data.metrics import METRICS, Metric
from ..diagnose.refits import understood
from .source import Source


def answers(source: Source) -> dict[str, np.ndarray]:
    """Finds what the refits say that can be judged again, outside of the study.

    Args:
        source: The study.

    Returns:
        By method, the best by cross-validation first, `[seeds, n, ...]`; nothing where only the user's own loss or
        step knows what outputs mean.
    """
    targets, kept = source.targets(), source.outputs()
    # Without targets a step's own loss is the proper score, and stands in both places.
    if targets is None or source.proper_name not in METRICS:
        return {}
    ordered = {name: kept[name] for name in source.summary()["method"] if name in kept}
    return ordered if all(understood(said, targets, source.kind) for said in ordered.values()) else {}


def named_metrics(source: Source) -> list[Metric]:
    """Finds those of a study's measures that outputs can be scored by again: a user's own function is not kept.

    Args:
        source: The study.

    Returns:
        The metric and the proper score, the second alone, or neither.
    """
    known = [METRICS[name] for name in (source.metric_name, source.proper_name) if name in METRICS]
    fitting = [one for one in dict.fromkeys(known) if source.kind in one.suits]
    higher = {source.metric_name: source.higher_is_better}
    return [one for one in fitting if higher.get(one.name, one.higher_is_better) == one.higher_is_better]
