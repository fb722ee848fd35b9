"""What pictures and reports read of a study: tables and sentences, and nothing of how they came about."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

Frame: TypeAlias = Any
"""A pandas DataFrame; `Any` to a type checker because it cannot tell what stands in a column."""

RUN_COLUMNS = (
    "method", "stage", "setting", "recipe", "fold", "seed", "epochs", "outcome", "sentence", "rung", "kept", "loser",
    "score", "proper", "train_score", "train_proper", "averaged_score", "averaged_proper", "evaluations", "steps",
    "seconds",
)  # fmt: skip
"""The columns of `table()`, beside one for each searched field."""

CURVE_COLUMNS = (
    "method", "stage", "setting", "fold", "seed", "epoch", "evaluations", "train_loss", "train_score", "train_proper",
    "score", "proper", "lr",
)  # fmt: skip
"""The columns of `curves()`."""

SUMMARY_COLUMNS = (
    "method", "recipe", "setting", "cv_score", "cv_spread", "score", "score_low", "score_high", "proper", "proper_low",
    "proper_high", "default_score", "default_low", "default_high", "gap", "epochs_to_target", "target",
    "tuning_evaluations", "state_bytes_per_parameter", "p_best", "p_best_proper", "diverged", "settings_diverged",
)  # fmt: skip
"""The columns of `summary()`."""


class Source(Protocol):
    """The numbers of a study."""

    @property
    def name(self) -> str:
        """What the study is called."""
        ...

    @property
    def task_name(self) -> str:
        """What it trains on."""
        ...

    @property
    def metric_name(self) -> str:
        """The task's metric."""
        ...

    @property
    def higher_is_better(self) -> bool:
        """The metric's direction."""
        ...

    @property
    def proper_name(self) -> str:
        """The proper score beside it; lower is better."""
        ...

    @property
    def finished(self) -> bool:
        """Whether all runs are done; else everything is "so far"."""
        ...

    @property
    def searched(self) -> Mapping[str, Sequence[tuple[str, str, str, float, float]]]:
        """The searched fields of each method: name, range as typed, scale, low end, high end."""
        ...

    @property
    def verdict(self) -> Any:
        """Every pair of methods by the metric."""
        ...

    @property
    def proper_verdict(self) -> Any:
        """Every pair of methods by the proper score."""
        ...

    def table(self) -> Frame:
        """One row per run."""
        ...

    def curves(self) -> Frame:
        """One row per run and epoch."""
        ...

    def summary(self) -> Frame:
        """One row per method, the best first."""
        ...

    @property
    def kind(self) -> str:
        """What the targets are: "classes", "binary", "numbers", or "given" where only the user's loss knows."""
        ...

    def targets(self) -> Any:
        """What is true of the test examples, `[n, ...]`; None where no outputs are kept."""
        ...

    def outputs(self) -> Mapping[str, Any]:
        """What the refits of each method that did not diverge say of the test examples, `[seeds, n, ...]`."""
        ...

    def members(self) -> Mapping[str, Any]:
        """By method whose runs predict by several networks, what each of them says in the first, `[m, n, ...]`."""
        ...

    def confidences(self) -> Mapping[str, tuple[Any, Any]]:
        """How sure a refit of each method was of its answers to the test examples, and whether each was right."""
        ...

    def inference(self) -> Mapping[str, Mapping[str, int]]:
        """By method, how many "networks" predict together, and the "parameters" of each."""
        ...

    def augmented(self) -> Mapping[str, tuple[str, Any, Any]]:
        """By method that augments images, how; some images as they are, `[m, c, h, w]` as bytes, and changed so."""
        ...

    def schedules(self) -> Mapping[str, Any]:
        """The lr of each method's tuned setting over training."""
        ...
