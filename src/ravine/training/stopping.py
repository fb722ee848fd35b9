"""What ends a run before its epochs are over, or lowers its learning rate: the parts of training with a memory."""

import copy
import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..data.examples import Examples
from ..data.metrics import Metric
from ..recipe import early_stopping, gradient_norm
from .evaluate import outputs_of, values
from .loop import Training
from .loop import gradient_norm as norm_of_gradient
from .predicting import predicting


@dataclass
class Patience:
    """How long a loss has not improved.

    >>> patience = Patience()
    >>> [patience.see(loss, smallest_change=0.0) for loss in (1.0, 0.5, 0.7)], patience.since
    ([True, True, False], 1)
    """

    best: float = math.inf
    since: int = 0

    def see(self, loss: float, smallest_change: float) -> bool:
        """Takes note of one epoch's loss.

        Args:
            loss: The loss; one that is not a number is no improvement.
            smallest_change: The improvement that counts as one.

        Returns:
            Whether it improved.
        """
        improved = loss < self.best - smallest_change
        self.best, self.since = (loss, 0) if improved else (self.best, self.since + 1)
        return improved


class Watch:
    """Sees every epoch of a run, and says when it is over.

    Args:
        training: The training.
        held_out: The inner split that `early_stopping` watches, if the recipe asks for one.
        loss: The proper score by which it is watched; smaller is better.
    """

    def __init__(self, training: Training, held_out: Examples | None, loss: Metric) -> None:
        self.training = training
        self.held_out = held_out
        self.loss = loss
        self.stopping = Patience()
        self.stalling = Patience()
        self.best_epoch = 0
        self.best_weights: dict[str, Any] = {}
        self.best_means: dict[int, Tensor] = {}
        """The weights that predicted at the best epoch, by the number of their parameter, where the rule keeps such."""

    def see(self, train_loss: float) -> str | None:
        """Takes note of the epoch that has just ended.

        Args:
            train_loss: Its mean training loss.

        Returns:
            Why the run is over, as a sentence; None where it goes on.
        """
        recipe = self.training.recipe
        watched = train_loss
        if self.held_out is not None:
            with predicting(self.training) as model:
                (watched,) = values((self.loss,), outputs_of(self.training.task, model, self.held_out))
        if recipe.on_plateau is not None:
            self.stalling.see(watched, recipe.on_plateau.smallest_change)
            if self.stalling.since >= recipe.on_plateau.patience:
                self.stalling.since = 0
                self.training.optimizer.lr_factor *= recipe.on_plateau.factor
        if isinstance(recipe.stop, gradient_norm):
            return self._small_gradient(recipe.stop)
        if isinstance(recipe.stop, early_stopping):
            return self._no_improvement(recipe.stop, watched)
        return None

    def _small_gradient(self, stop: gradient_norm) -> str | None:
        norm = norm_of_gradient(self.training)
        if norm >= stop.below:
            return None
        return f"Stopped after epoch {self.training.epoch}: the gradient's norm is {norm:.2g}, below {stop.below:g}."

    def _no_improvement(self, stop: early_stopping, watched: float) -> str | None:
        if self.stopping.see(watched, stop.smallest_change):
            self.best_epoch = self.training.epoch
            self.best_weights = copy.deepcopy(self.training.model.state_dict())
            pairs = self.training.optimizer.predicting_weights()
            self.best_means = {number: mean.clone() for number, (_, mean) in pairs.items()}
        if self.stopping.since < stop.patience:
            return None
        return (
            f"Stopped after epoch {self.training.epoch}: the held-out {self.loss.name} has not improved for "
            f"{stop.patience} epochs."
        )

    def take_best_back(self) -> None:
        """Puts the weights of the best epoch back, those that predict among them, where any were kept."""
        if not self.best_weights:
            return
        self.training.model.load_state_dict(self.best_weights)
        for number, (p, mean) in self.training.optimizer.predicting_weights().items():
            mean.copy_(self.best_means.get(number, p))  # what has only stepped since then predicted as it was

    def state(self) -> dict[str, Any]:
        """Gathers its memory for a checkpoint.

        Returns:
            Numbers and tensors.
        """
        return {
            "stopping": (self.stopping.best, self.stopping.since),
            "stalling": (self.stalling.best, self.stalling.since),
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
            "best_means": self.best_means,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes its memory back from a checkpoint.

        Args:
            state: What `state` gathered.
        """
        self.stopping, self.stalling = Patience(*state["stopping"]), Patience(*state["stalling"])
        self.best_epoch, self.best_weights, self.best_means = (
            state[name] for name in ("best_epoch", "best_weights", "best_means")
        )
