"""A made-up study with the face of a real one: what pictures, report and terminal read, from the runs in `cases`."""

import math
from collections.abc import Iterator
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ravine.data.ledger import Read

from .cases import EIGHT, Size, Truth, all_runs, equation, hits


class Pair(NamedTuple):
    """What is known of two methods; the effect is the first's score minus the second's."""

    first: str
    second: str
    effect: float
    low: float
    high: float
    p_expected: float
    p_next: float
    conclusion: str
    settle: str


class Verdict(NamedTuple):
    """All pairs, and the smallest difference that matters."""

    methods: tuple[str, ...]
    pairs: tuple[Pair, ...]
    matters: float


def phi(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


class MadeUp:
    """A study of made-up methods."""

    def __init__(self, truths: tuple[Truth, ...] = EIGHT, size: Size | None = None) -> None:
        self.truths, self.size = truths, size or Size()
        self.name, self.task_name = "digits-1", "digits"
        self.metric_name, self.higher_is_better = self.size.metric, self.size.higher
        self.proper_name, self.finished = self.size.proper, self.size.finished

    @cached_property
    def runs(self) -> list[dict[str, Any]]:
        return all_runs(self.truths, self.size)

    @cached_property
    def rows(self) -> pd.DataFrame:
        return pd.DataFrame([{name: value for name, value in run.items() if name != "path"} for run in self.runs])

    def table(self) -> pd.DataFrame:
        return self.rows

    def curves(self) -> pd.DataFrame:
        frames = [
            pd.DataFrame(run["path"]).assign(**{k: run[k] for k in ("method", "stage", "setting", "fold", "seed")})
            for run in self.runs
        ]
        return pd.concat(frames, ignore_index=True)

    def test_scores(self, stage: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {truth.name: (hits(self.runs, stage, truth.name, self.size),) * 2 for truth in self.truths}

    @property
    def searched(self) -> dict[str, list[tuple[str, str, str, float, float]]]:
        return {
            truth.name: []
            if math.isnan(truth.low)
            else [("lr", f"log({truth.low:g}, {truth.high:g})", "log", truth.low, truth.high)]
            for truth in self.truths
        }

    def refits(self, method: str, stage: str, column: str) -> np.ndarray:
        table = self.table()
        return table[(table.method == method) & (table.stage == stage)][column].to_numpy()

    def interval(self, values: np.ndarray) -> tuple[float, float, float]:
        """Mean and a rough interval; good enough for a made-up study, and not a point where nothing varies."""
        if len(values) == 0:
            return math.nan, math.nan, math.nan
        center = float(values.mean())
        size = 0.3 * (1 - center) if self.metric_name == "accuracy" and center > 0.5 else 0.04 * abs(center)
        half = 2.8 * float(values.std()) / math.sqrt(len(values)) + size + 1e-4
        return center, center - half, center + half

    def row(self, truth: Truth) -> dict[str, Any]:
        row: dict[str, Any] = {"method": truth.name, "recipe": "", "setting": "", "p_best": math.nan}
        for name, stage, column in (
            ("", "tuned", "score"), ("proper", "tuned", "proper"), ("default", "default", "score"),
        ):  # fmt: skip
            mean, low, high = self.interval(self.refits(truth.name, stage, column))
            high = min(high, 1.0) if name != "proper" and self.higher_is_better else high
            prefix = f"{name}_" if name else ""
            score = {"": "score", "proper": "proper", "default": "default_score"}[name]
            row |= {score: mean, f"{prefix or 'score_'}low": low, f"{prefix or 'score_'}high": high}
        table = self.table()
        mine = table[(table.method == truth.name) & (table.stage == "search")]
        finished = mine[(mine.rung == 2) & (mine.outcome == "finished")]
        finished = finished if len(finished) else mine  # where all diverged, any will do
        finished = finished if len(finished) else mine  # where all diverged, any will do
        by_setting = finished.groupby("setting")["score"]
        chosen = by_setting.mean().idxmax() if self.higher_is_better else by_setting.mean().idxmin()
        lr = float(mine[mine.setting == chosen].lr.iloc[0])
        tuned = table[(table.method == truth.name) & (table.stage == "tuned")]
        sign = 1 if self.higher_is_better else -1
        return row | {
            "setting": f"lr={lr:.3g}",
            "recipe": f"Recipe({truth.name.title()}(lr=cosine({lr:.3g})), batch_size=64, epochs={self.size.epochs})",
            "cv_score": by_setting.mean()[chosen], "cv_spread": by_setting.std()[chosen],
            "gap": sign * (tuned.train_score.mean() - tuned.score.mean()) if len(tuned) else math.nan,
            "epochs_to_target": float(4 + 9 * truth.pickiness) if truth.floor < 0.0185 else math.nan,
            "target": 0.97 if self.higher_is_better else 3.0,
            "tuning_evaluations": int(mine.evaluations.sum()),
            "state_bytes_per_parameter": 4.0 * truth.slots if truth.name != "sgd" else 0.0,
            "diverged": int((tuned.outcome == "diverged").sum()),
            "settings_diverged": float((mine.groupby("setting").outcome.first() == "diverged").mean()),
        }  # fmt: skip

    def summary(self) -> pd.DataFrame:
        return self.leaderboard

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        table = pd.DataFrame([self.row(truth) for truth in self.truths])
        table = table.sort_values("cv_score", kind="stable", ascending=not self.higher_is_better, ignore_index=True)
        if self.finished:
            sign = 1 if self.higher_is_better else -1
            half = (table.score_high - table.score_low) / 2
            z = sign * (table.score - (table.score.max() if sign > 0 else table.score.min())) / half
            table["p_best"] = np.exp(2 * z) / np.exp(2 * z).sum()
            z = -(table.proper - table.proper.min()) / ((table.proper_high - table.proper_low) / 2)
            table["p_best_proper"] = np.exp(3 * z) / np.exp(3 * z).sum()
        else:
            table["p_best_proper"] = math.nan
        return table

    def pairs(self, score: str, low: str, high: str, sign: int) -> Iterator[Pair]:
        rows = {row["method"]: row for row in self.summary().to_dict("records")}
        for first, second in combinations(rows, 2):
            a, b = rows[first], rows[second]
            effect = a[score] - b[score]
            error = math.hypot(a[high] - a[low], b[high] - b[low]) / 4
            wide = 3.1 * error
            p = phi(sign * effect / error)
            clear = abs(effect) > wide
            conclusion = "undecided"
            if clear:
                conclusion = "better" if sign * effect > 0 else "worse"
            elif abs(effect) + wide < 0.012:
                conclusion = "equal"
            settle = "" if conclusion != "undecided" else "about 24 more seeds (between 9 and 130)"
            yield Pair(
                first, second, effect, effect - wide, effect + wide, p, 0.5 + (p - 0.5) * 0.6, conclusion, settle
            )

    @property
    def verdict(self) -> Verdict:
        if not self.finished:
            return Verdict((), (), 0.0)
        sign = 1 if self.higher_is_better else -1
        pairs = tuple(self.pairs("score", "score_low", "score_high", sign))
        return Verdict(tuple(self.summary().method), pairs, 0.003)

    @property
    def proper_verdict(self) -> Verdict:
        if not self.finished:
            return Verdict((), (), 0.0)
        return Verdict(tuple(self.summary().method), tuple(self.pairs("proper", "proper_low", "proper_high", -1)), 0.0)

    def sentences(self) -> list[str]:
        best = self.summary().iloc[0]
        if not self.finished:
            return [
                f"So far {best.method} leads by cross-validation.",
                "No method was refitted on all training data yet.",
            ]
        return [
            f"{best.method} generalizes best here: its next run gets {best.score:.3f} in {self.metric_name}.",
            "Seven of eight methods cannot be told from it; by log loss three can.",
            "Test examples: 360; a difference of one example is 0.28 points.",
        ]

    def warnings(self) -> list[str]:
        return [
            "adadelta: its best lr, 8.1, is at the edge of its range log(0.01, 10); it may do better beyond.",
            *(
                f"{row.method}: {100 * row.settings_diverged:.0f} % of its settings diverged."
                for row in self.summary().itertuples()
                if row.settings_diverged > 0.5
            ),
        ]

    def protocol(self) -> list[str]:
        return [
            f"{len(self.truths)} methods, {self.size.settings} settings each, from scrambled Sobol points.",
            f"{self.size.folds} folds, the same for all; halving at 1/4 and 1/2 of {self.size.epochs} epochs.",
            f"{self.size.seeds} fresh seeds on all training data; {self.size.examples} test examples.",
        ]

    def ledger(self) -> list[Read]:
        return [Read("digits-0", "2026-03-01T12:00:00+00:00", 80), Read(self.name, "2026-03-02T09:30:00+00:00", 80)]

    def versions(self) -> dict[str, str]:
        return {"ravine": "0.1.0", "torch": "2.13.0", "numpy": "2.4.6", "python": "3.11.2"}

    def hardware(self) -> str:
        return "2 cores of an x86-64 processor, 8 GB, no GPU; 2 workers with one thread each"

    def schedules(self) -> dict[str, np.ndarray]:
        settings = self.summary().set_index("method").setting
        lr = {name: float(text.removeprefix("lr=")) for name, text in settings.items()}
        fractions = np.arange(200) / 200
        return {name: 0.5 * lr[name] * (1 + np.cos(np.pi * fractions)) for name in lr}

    def equations(self) -> dict[str, str]:
        return {truth.name: equation(truth) for truth in self.truths}

    def halving(self) -> list[str]:
        return [
            "Halving spared 46 % of the evaluations.",
            "The random losers ended 0.4 points below the winners or more.",
        ]

    def train_this_way(self) -> dict[str, str]:
        best = self.summary().iloc[0]
        return {
            "ravine": f"import ravine\n\nrun = ravine.train('digits', recipe=\"{best.recipe}\")\nprint(run.score)\n",
            "pytorch": "import torch\n\n# The same numbers without Ravine.\ntorch.manual_seed(1)\n" + "x = 1\n" * 30,
            "command": f"ravine train digits --recipe '{best.recipe}' --seed 1\n",
        }
