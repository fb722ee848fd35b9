"""A study: a table of recipe x fold x seed, and what it shows."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..data import ledger
from ..verdict import Verdict, judge
from .options import Options
from .record import Record, decoded, last_stretches, sound_refits
from .store import Store
from .summary import summary
from .tables import curves, runs
from .telling import halving, protocol, sentences, warnings

if TYPE_CHECKING:
    from ..data.task import Task
    from ..ensemble import Ensemble


@dataclass(frozen=True, eq=False)
class Study:
    """What a study has found so far: its options, what is known of it, and its runs."""

    folder: Path
    options: Options
    facts: dict[str, Any]
    records: list[Record]

    @classmethod
    def load(cls, folder: str | Path) -> "Study":
        """Reads a study from its folder.

        Args:
            folder: The folder.

        Returns:
            The study as it stands.

        Raises:
            RavineError: There is none, or it is damaged.
        """
        with closing(Store(Path(folder), create=False)) as store:
            facts, runs = store.facts(), store.runs()
        return cls(Path(folder), Options.read(facts["options"]), facts, list(runs.values()))

    @property
    def name(self) -> str:
        """What the study is called."""
        return self.folder.name

    @property
    def task_name(self) -> str:
        """What the task is called."""
        return self.facts["task"]

    @property
    def metric_name(self) -> str:
        """The metric that recipes are chosen by."""
        return self.facts["metric"]["name"]

    @property
    def higher_is_better(self) -> bool:
        """The metric's direction."""
        return self.facts["metric"]["higher_is_better"]

    @property
    def proper_name(self) -> str:
        """The proper score beside it; smaller is better."""
        return self.facts["proper"]

    @property
    def methods(self) -> list[str]:
        """The contenders, in the order in which they were named."""
        return [contender["name"] for contender in self.facts["contenders"]]

    @property
    def finished(self) -> bool:
        """Whether every run that was planned has ended."""
        looks = self.facts["looks"]
        return bool(looks) and looks[-1]["seeds"] == self.options.seeds

    @cached_property
    def latest(self) -> list[Record]:
        """The last stretch of every run; a run that was halved has one record for each rung it reached."""
        order = {name: k for k, name in enumerate(self.methods)}
        return sorted(last_stretches(self.records), key=lambda one: (order[one.record["method"]], one.key))

    def table(self) -> pd.DataFrame:
        """Gives every run as a row.

        Returns:
            Method, stage, setting and its values, fold, seed, outcome, scores and costs; scores of refits are on
            the test set, all others on the fold's validation part.
        """
        return runs(self.facts, self.latest)

    def curves(self) -> pd.DataFrame:
        """Gives every epoch of every run as a row.

        Returns:
            Training loss and scores by epoch and by gradient evaluations.
        """
        return curves(self.latest)

    def test_scores(self, stage: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Gives the test scores of every example under every seed.

        Args:
            stage: "tuned" or "default".

        Returns:
            By method, the metric and the proper score, `[seeds, examples]` each, over the seeds that all methods
            have ended; empty where there are none.
        """
        found: dict[str, dict[int, Record]] = {}
        for record in self.latest:
            if record.record["stage"] == stage:
                found.setdefault(record.record["method"], {})[record.record["seed"]] = record
        shared = sorted(set.intersection(*(set(by_seed) for by_seed in found.values()))) if found else []
        if not shared:
            return {}
        return {
            method: (
                np.stack([by_seed[seed].arrays["score"] for seed in shared]),
                np.stack([by_seed[seed].arrays["proper"] for seed in shared]),
            )
            for method, by_seed in found.items()
        }

    def confidences(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Gives how sure each method's first refit that did not diverge was of its answers to the test examples.

        Returns:
            By method, the probability of the class that was named and whether it was right, `[examples]` each; only
            for tasks with classes, and for runs that were made since these are kept.
        """
        firsts = {method: runs[0].arrays for method, runs in sound_refits(self.latest).items()}
        return {name: (one["confidence"], one["right"]) for name, one in firsts.items() if "confidence" in one}

    @property
    def kind(self) -> str:
        """What the targets are: "classes", "binary", "numbers", or "given" where only a user's own loss knows."""
        return self.facts.get("kind", "given")

    def targets(self) -> np.ndarray | None:
        """Gives what is true of the test examples.

        Returns:
            `[n, ...]`; None before any run was tested, and where its outputs are too large to keep.
        """
        kept = (run.arrays for runs in sound_refits(self.latest).values() for run in runs)
        return next((arrays["targets"] for arrays in kept if "targets" in arrays), None)

    def outputs(self) -> dict[str, np.ndarray]:
        """Gives what the refits of each method that did not diverge say of the test examples.

        Returns:
            By method, outputs in the task's own terms, `[seeds, n, ...]`; empty where these are too large to keep.
        """
        kept = {
            method: [run.arrays["outputs"] for run in runs if "outputs" in run.arrays]
            for method, runs in sound_refits(self.latest).items()
        }
        return {method: np.stack(outputs) for method, outputs in kept.items() if outputs}

    def members(self) -> dict[str, np.ndarray]:
        """Gives what each network says of the test examples where a run predicts by several.

        Returns:
            By method, `[members, n, ...]` of its first refit that did not diverge.
        """
        firsts = {method: runs[0].arrays for method, runs in sound_refits(self.latest).items()}
        return {method: arrays["members"] for method, arrays in firsts.items() if "members" in arrays}

    def ensemble(
        self,
        methods: Sequence[str] | None = None,
        *,
        best: int = 5,
        seeds: int = 1,
        task: "Task | None" = None,
        combine: str = "average",
        device: str | None = "cpu",
    ) -> "Ensemble":
        """Makes an ensemble of the networks that the study has refitted: they cost nothing more.

        Who takes part is chosen by cross-validation, as the winner is; the test set has no say.

        Args:
            methods: Whose networks; None for the `best` by cross-validation.
            best: How many methods, where none are named.
            seeds: How many fresh seeds of each.
            task: The task, where no text finds it again.
            combine: How they are combined: "average", "average_logits" or "vote".
            device: Where its networks shall be; None for the GPU where there is one.

        Returns:
            The ensemble; `notes` names those that were left out, since they diverged.

        Raises:
            RavineError: There is no such method, or its networks are not kept.
        """
        from .networks import refitted_ensemble  # here: it takes torch, and a report does without

        return refitted_ensemble(self, methods, best=best, seeds=seeds, task=task, combine=combine, device=device)

    @cached_property
    def verdict(self) -> Verdict | None:
        """What the test scores show by the task's metric; None before there are any."""
        return self._judged(0, self.higher_is_better, self.options.matters)

    @cached_property
    def proper_verdict(self) -> Verdict | None:
        """What the test scores show by the proper score; None before there are any."""
        return self._judged(1, False, 0.0)

    def _judged(self, which: int, higher_is_better: bool, matters: float) -> Verdict | None:
        scores = {method: pair[which] for method, pair in self.test_scores("tuned").items()}
        if len(scores) < len(self.methods):
            return None
        return judge(scores, higher_is_better=higher_is_better, matters=matters)

    @property
    def searched(self) -> dict[str, list[tuple[str, str, str, float, float]]]:
        """Where each method was searched: field, range, scale, and the range's ends."""
        return {
            c["name"]: [(s["field"], s["range"], s["scale"], s["low"], s["high"]) for s in c["searched"]]
            for c in self.facts["contenders"]
        }

    @property
    def roles(self) -> dict[str, Any]:
        """What differs, "scientific", what was tuned for each, "nuisance", and what is the same for all, "fixed".

        The first two by contender and part; empty where the study was made before roles were told apart.
        """
        return self.facts.get("roles", {})

    def schedules(self) -> dict[str, np.ndarray]:
        """Gives the learning rate of each method's tuned setting over training.

        Returns:
            One value for each of 200 moments, by method.
        """
        return {name: np.array(rates) for name, rates in self.facts.get("schedules", {}).items()}

    def inference(self) -> dict[str, dict[str, int]]:
        """Gives what it costs to predict by each method.

        Returns:
            By method, "networks", how many predict together, and where it is known "parameters", those of each.
        """
        return self.facts.get("inference", {})

    def augmented(self) -> dict[str, tuple[str, np.ndarray, np.ndarray]]:
        """Gives some training images as they are and as each method that augments sees them.

        Returns:
            By method, how it changes them, and both, `[m, c, h, w]` as bytes; empty where none augments images.
        """
        return {
            name: (one["said"], decoded(one["plain"], one["shape"]), decoded(one["changed"], one["shape"]))
            for name, one in self.facts.get("augmented", {}).items()
        }

    def equations(self) -> dict[str, str]:
        """Gives the equations of each method's rule.

        Returns:
            MathML by method.
        """
        return {c["name"]: c["equations"] for c in self.facts["contenders"]}

    def train_this_way(self) -> dict[str, str]:
        """Gives the winning recipe in three forms.

        Returns:
            "ravine", "pytorch" and "command"; empty before the study is finished.
        """
        return self.facts.get("train_this_way", {})

    def ledger(self) -> list[ledger.Read]:
        """Reads how often the test set was looked at, by this study and by others.

        Returns:
            Every look, oldest first.
        """
        return ledger.reads(self.facts["test_fingerprint"])

    def versions(self) -> dict[str, str]:
        """Gives the versions that the study ran with.

        Returns:
            A version for each package.
        """
        return self.facts["versions"]

    def hardware(self) -> str:
        """Gives the machine that the study began on.

        Returns:
            A few words.
        """
        return self.facts["hardware"]

    def summary(self) -> pd.DataFrame:
        """Gives the leaderboard: see `ravine.study.summary`.

        Returns:
            One row per method, best cross-validation score first.
        """
        return self._summary.copy()

    @cached_property
    def _summary(self) -> pd.DataFrame:
        return summary(self)

    def sentences(self) -> list[str]:
        """Gives the verdict in words.

        Returns:
            Two sentences, then caveats.
        """
        return sentences(self)

    def warnings(self) -> list[str]:
        """Says what casts doubt on a method's place.

        Returns:
            One sentence each.
        """
        return warnings(self)

    def protocol(self) -> list[str]:
        """Says how the study was done.

        Returns:
            One sentence for each step.
        """
        return protocol(self)

    def halving(self) -> list[str]:
        """Says what halving cost.

        Returns:
            Sentences; none where nothing was halved.
        """
        return halving(self)
