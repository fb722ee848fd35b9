"""A made-up study with the face of a real one: what pictures, report and terminal read, from the runs in `cases`."""

import math
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ravine.data.ledger import Read
from ravine.verdict import Verdict, judge

from .cases import EIGHT, Size, Truth, all_runs, answers, equation, per_example, truly


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
        return {truth.name: per_example(self.runs, stage, truth.name, self.size) for truth in self.truths}

    def confidences(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        if not self.finished or self.metric_name != "accuracy":
            return {}
        right = {name: pair[0][0] for name, pair in self.test_scores("tuned").items()}
        luck = np.random.default_rng(5).random(self.size.examples)
        return {name: (np.where(each > 0.5, 0.9, 0.6) + 0.1 * luck, each > 0.5) for name, each in right.items()}

    @property
    def kind(self) -> str:
        return "classes" if self.size.metric == "accuracy" else "numbers"

    def targets(self) -> np.ndarray | None:
        return truly(self.size) if self.finished else None

    def outputs(self) -> dict[str, np.ndarray]:
        if not self.finished:
            return {}
        found = {truth.name: answers(self.runs, truth.name, self.size) for truth in self.truths}
        return {name: each for name, each in found.items() if len(each)}

    def members(self) -> dict[str, np.ndarray]:
        luck = np.random.default_rng(13)
        firsts = {name: each[0] for name, each in self.outputs().items() if name == "adam"}
        return {name: one + luck.normal(size=(5, *one.shape)).astype(np.float32) for name, one in firsts.items()}

    def inference(self) -> dict[str, dict[str, int]]:
        costs = {"adam": {"networks": 5, "parameters": 100}, "sgd": {"networks": 1, "parameters": 250}}
        return {truth.name: costs.get(truth.name, {"networks": 1, "parameters": 100}) for truth in self.truths}

    def augmented(self) -> dict[str, tuple[str, np.ndarray, np.ndarray]]:
        plain = np.arange(8 * 16, dtype=np.uint8).reshape(8, 1, 4, 4)
        return {truth.name: (f"flip({truth.name})", plain, plain[..., ::-1]) for truth in self.truths[1:3]}

    def judged(self, stage: str, proper: bool = False) -> Verdict | None:
        if not self.finished:
            return None
        scores = {name: pair[proper] for name, pair in self.test_scores(stage).items()}
        higher = self.higher_is_better and not proper
        return judge(scores, higher_is_better=higher, matters=0.0 if proper else 0.003)

    @cached_property
    def verdict(self) -> Verdict | None:
        return self.judged("tuned")

    @cached_property
    def proper_verdict(self) -> Verdict | None:
        return self.judged("tuned", proper=True)

    @cached_property
    def default_verdict(self) -> Verdict | None:
        return self.judged("default")

    @property
    def searched(self) -> dict[str, list[tuple[str, str, str, float, float]]]:
        return {
            truth.name: []
            if math.isnan(truth.low)
            else [("lr", f"log({truth.low:g}, {truth.high:g})", "log", truth.low, truth.high)]
            for truth in self.truths
        }

    @property
    def roles(self) -> dict[str, Any]:
        return {
            "scientific": {"rule": {truth.name: f"{truth.name.title()}(lr=...)" for truth in self.truths}},
            "nuisance": {name: {field: text for field, text, *_ in found} for name, found in self.searched.items()},
            "fixed": {"batch_size": str(self.size.batch), "epochs": str(self.size.epochs)},
        }

    def row(self, truth: Truth) -> dict[str, Any]:
        row: dict[str, Any] = {"method": truth.name}
        for prefix, verdict in (
            ("", self.verdict), ("proper_", self.proper_verdict), ("default_", self.default_verdict),
        ):  # fmt: skip
            known = None if verdict is None else verdict.of(truth.name)
            mean, low, high = (math.nan,) * 3 if known is None else (known.mean, known.low, known.high)
            score = {"": "score", "proper_": "proper", "default_": "default_score"}[prefix]
            row |= {score: mean, f"{prefix or 'score_'}low": low, f"{prefix or 'score_'}high": high}
            row[{"": "p_best", "proper_": "p_best_proper", "default_": "p_best_default"}[prefix]] = (
                math.nan if known is None else known.p_best
            )
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
        return table.sort_values("cv_score", kind="stable", ascending=not self.higher_is_better, ignore_index=True)

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
