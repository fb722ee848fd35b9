"""A study in sentences: what it shows, what to beware of, and how it was done."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..numbers import counted, in_words, is_share, number
from ..verdict import reservation
from ..verdict import sentences as verdict_sentences
from .paradox import paradoxes

if TYPE_CHECKING:
    from .study import Study

EDGE = "its best {field} is the {end} of those tried: the true best may lie beyond {range}"


def sentences(study: Study) -> list[str]:
    """Gives the verdict in words, and what has to be said with it.

    Args:
        study: The study.

    Returns:
        Two sentences, then caveats.
    """
    if study.verdict is None or study.proper_verdict is None:
        done = len(study.latest)
        return [f"There is no verdict yet: {done} runs have ended, and the test set is read when all choices are made."]
    leader = study.summary().method.iloc[0]
    said = verdict_sentences(study.verdict, in_words(study.metric_name), leader, partial(_shown, study.metric_name))
    proper = study.proper_name
    said = [*said, *reservation(study.proper_verdict, in_words(proper), leader, partial(_shown, proper))]
    if not study.finished:
        said = [*said, "This is the verdict so far: the study is not finished, and the numbers will move."]
    looks = len(study.facts["looks"])
    if looks > 1:
        times = "once" if looks == 2 else f"{looks - 1} times"
        said = [*said, f"Seeds were added {times} after a look: looking until it pleases makes ties look like wins."]
    return said


def _shown(metric: str, score: float) -> str:
    """Writes a score to the digits that a study of this size can tell."""
    return f"{number(score, 1, share=True)} %" if is_share(metric) else number(score, 3)


def warnings(study: Study) -> list[str]:
    """Says what casts doubt on a method's place.

    Args:
        study: The study.

    Returns:
        One sentence each.
    """
    reversed_ = paradoxes(study, partial(_shown, study.metric_name))
    return [*_edges(study), *_losses(study), *_refits(study), *reversed_]


def _edges(study: Study) -> Iterator[str]:
    for contender in study.facts["contenders"]:
        chosen = study.facts.get("races", {}).get(contender["name"], {}).get("chosen")
        if chosen is None or len(contender["settings"]) < 3:
            continue
        for searched in contender["searched"]:
            tried = sorted(values[searched["field"]] for values in contender["settings"])
            best = contender["settings"][chosen][searched["field"]]
            if best in (tried[0], tried[-1]):
                end = "smallest" if best == tried[0] else "largest"
                what = EDGE.format(field=searched["field"], end=end, range=searched["range"])
                yield f"{contender['name']}: {what}."


def _losses(study: Study) -> Iterator[str]:
    for row in study.summary().to_dict(orient="records"):
        if row["settings_diverged"] > 0.5:
            share = f"{row['settings_diverged']:.0%}"
            yield f"{row['method']}: {share} of its settings diverged; its range reaches too far."


def _refits(study: Study) -> Iterator[str]:
    broken = Counter[tuple[str, str]]()
    for run in (one.record for one in study.latest):
        if run["stage"] == "search" and run["outcome"] == "failed":
            broken[run["method"], run["sentence"]] += 1
        elif run["stage"] != "search" and run["outcome"] in ("diverged", "failed"):
            yield f"{run['method']} ({run['stage']}, seed {run['seed']}) counts at chance level. {run['sentence']}"
    for (method, sentence), count in broken.items():
        yield f"{method}: {counted(count, 'run')} of the search failed. {sentence}"


def protocol(study: Study) -> list[str]:
    """Says how the study was done.

    Args:
        study: The study.

    Returns:
        One sentence for each step.
    """
    options, sizes, epochs = study.options, study.facts["sizes"], study.facts["epochs"]
    parts = f"{options.folds} folds" if options.holdout is None else f"one validation part of {options.holdout:.0%}"
    metric, proper = in_words(study.metric_name), in_words(study.proper_name)
    data = (
        f"Data: {sizes['train']} examples to train on and {sizes['test']} to test. The test set was read after all "
        "choices were made; preprocessing was fitted inside each fold."
    )
    contenders = (
        f"Contenders: {len(study.methods)}{_differing(study)}, each tuned, and again at its textbook defaults where "
        "it was tuned. "
        "The learning rate falls along half a cosine unless a contender brings its own schedule."
    )
    effort = (
        f"Same effort: up to {options.settings} settings each, by {_search(options.search)}, and {epochs} epochs for "
        "every run. An evaluation is one example differentiated once."
    )
    luck = (
        f"Same luck: {parts}; all settings of all methods start from the same weights and see the same order of data."
    )
    choice = (
        f"Choice: the setting with the best mean {metric} over the folds, ties by {proper}; the winner likewise. "
        "The test set only estimates."
    )
    refit = (
        f"Refit: on all training data with {options.seeds} fresh seeds. A run that diverged or failed counts at "
        "chance level and is named."
    )
    return [data, contenders, effort, *_searching(study), luck, _halving(study), choice, refit, *_budget(study)]


def _searching(study: Study) -> Iterator[str]:
    """Says how those were trained that need the loss as a function."""
    names = [one["name"] for one in study.facts["contenders"] if one.get("searches")]
    if names:
        they = "it is" if len(names) == 1 else "they are"
        yield (
            f"Without noise: {' and '.join(names)} must search along a function that stays the same, so {they} trained "
            "on all data at once, without dropout, augmentation or an order of batches. Each gradient that a search "
            "takes counts as everyone's do; a step that takes more than one is paid for by the epochs after it."
        )


def _differing(study: Study) -> str:
    """Says which parts the contenders differ in, where that is known."""
    parts = [in_words(part) for part in study.roles.get("scientific", {})]
    if not parts:
        return ""
    return f", which differ in {', '.join(parts[:-1])}{' and ' if parts[:-1] else ''}{parts[-1]}"


def _search(search: str) -> str:
    return "scrambled Sobol points" if search == "sobol" else "a grid"


def _halving(study: Study) -> str:
    rungs = max((contender["rungs"] for contender in study.facts["contenders"]), key=len)
    if len(rungs) == 1:
        return "No halving: every setting was trained to the end."
    ends = " and ".join(str(rung) for rung in rungs[:-1])
    return (
        f"Halving: the worse half of a method's settings was dropped after {ends} epochs, judged on averaged weights; "
        "the rest went on from where they stood. One random loser of each method was trained to the end all the same."
    )


def _budget(study: Study) -> Iterator[str]:
    if study.options.budget is not None:
        each = study.facts["seconds_each"]
        yield (
            f"Budget: {study.options.budget:g} s were turned into {study.facts['epochs']} epochs once, by a pilot that "
            f"took {1e6 * each:.0f} microseconds an evaluation."
        )


def halving(study: Study) -> list[str]:
    """Says what halving cost, as far as the random losers show.

    Args:
        study: The study.

    Returns:
        One sentence for each method that has one, and one that counts them.
    """
    table: Any = study.table()
    search = table[(table.stage == "search") & (table.epochs > 0)]
    said = []
    better = 0
    for name, race in study.facts.get("races", {}).items():
        if race["loser"] is None:
            continue
        mine = search[search.method == name]
        ended = mine[mine.kept].groupby("setting").score.mean()
        loser = mine[mine.setting == race["loser"]].score.mean()
        best = ended.max() if study.higher_is_better else ended.min()
        if math.isnan(loser) or math.isnan(best):
            continue
        beats = loser > best if study.higher_is_better else loser < best
        better += bool(beats)
        verb = "beat" if beats else "did not beat"
        shown = _shown(study.metric_name, loser), _shown(study.metric_name, best)
        said.append(f"{name}: the random loser ended at {shown[0]} and {verb} the best that halving kept, {shown[1]}.")
    if not said:
        return []
    count = f"{better or 'none'} of {len(said)}"
    return [
        f"One setting of each method that halving had dropped was trained to the end: {count} ended best.",
        *said,
    ]
