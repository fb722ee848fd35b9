"""Transfer, put to the test: does a network that knows the digits 0 to 4 learn 5 to 9 from ten images of each?

    python examples/transfer_digits.py

Of every digit from 5 to 9, twenty images choose the lr of each way of training, eighty make eight draws of ten, and the
rest, seen by no choice, is the test. Each draw has a network of its own, pretrained on all images of 0 to 4 from
another seed. The intervals are over draws, seeds and test images, and hold for all pairs of ways at once. It takes
about a minute on one core; docs/transfer.md says what came of it.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from ravine import Recipe, Rule, Task, train
from ravine.data.ready_made import digits_cnn
from ravine.layers import Layer, freeze, thaw
from ravine.rules import Adam
from ravine.rules.by_depth import ByDepth, depths
from ravine.schedules import cosine
from ravine.verdict.judge import Verdict, judge

DRAWS, IMAGES, EPOCHS = 8, 10, 30
LRS = (0.003, 0.01, 0.03)


def network() -> nn.Module:
    """Builds the small convolutional network of the task "digits", for five classes."""
    model: Any = digits_cnn()
    model[10] = nn.Linear(128, 5)
    return model


DEPTHS = depths(list(network().parameters()))


@dataclass(frozen=True)
class Way:
    """One way of training on ten images a class."""

    name: str
    pretrained: bool
    layers: tuple[Layer, ...] = ()
    rule: Callable[[float], Rule] = lambda lr: Adam(lr=cosine(lr))


WAYS = (
    Way("from scratch", pretrained=False),
    Way("fine-tuned", pretrained=True),
    Way("one lr per depth", pretrained=True, rule=lambda lr: ByDepth(Adam(lr=cosine(lr)), depths=DEPTHS)),
    Way("thawed from the top", pretrained=True, layers=(thaw(0.2),)),
    Way("frozen but the head", pretrained=True, layers=(freeze("*", but="10"),)),
    Way("the same, of random weights", pretrained=False, layers=(freeze("*", but="10"),)),
)
FROZEN = (WAYS[-2].name, WAYS[-1].name)


def images(digits: range) -> tuple[Tensor, Tensor]:
    """Gives the images of some digits, in an order that is the same for everybody, and which digit each shows."""
    bunch: Any = load_digits()
    shown = np.isin(bunch.target, digits)
    order = torch.randperm(int(shown.sum()), generator=torch.Generator().manual_seed(0))
    pixels = torch.from_numpy(bunch.images[shown] / 16).float().unsqueeze(1)  # 16 is the brightest that a pixel can be
    return pixels[order], torch.from_numpy(bunch.target[shown])[order]


def parts(labels: Tensor, *sizes: int) -> list[Tensor]:
    """Deals out rows, so many of every class to each part, and to the last one all that are left."""
    rows = [(labels == label).nonzero().flatten() for label in labels.unique()]
    dealt = [each.split([*sizes, len(each) - sum(sizes)]) for each in rows]
    return [torch.cat(part) for part in zip(*dealt, strict=True)]


def pretrain(seed: int, folder: Path) -> Path:
    """Trains on all images of 0 to 4, and keeps the weights."""
    recipe = Recipe(Adam(lr=cosine(0.003)), epochs=10)
    train(Task(network, images(range(5))), recipe, seed=seed, out=folder / str(seed))
    return folder / str(seed)


def outputs(
    way: Way, lr: float, data: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], seed: int, run: Path
) -> Tensor:
    """Trains in one way on a few images, and gives what the network says of others."""
    task = Task(network, data, test=test)
    if way.pretrained:
        task = task.pretrained(run, replace_head=True)
    recipe = Recipe(way.rule(lr), batch_size=10, epochs=EPOCHS, layers=way.layers)
    trained = train(task, recipe, seed=seed)
    with torch.no_grad():
        return trained.model(test[0])


def best_lr(way: Way, x: Tensor, y: Tensor, runs: list[Path]) -> float:
    """Chooses the lr of the smallest log loss on one half of some images after training on the other, both ways."""
    halves = parts(y, IMAGES)
    losses = {}
    for lr in LRS:
        said = [
            functional.cross_entropy(outputs(way, lr, (x[a], y[a]), (x[b], y[b]), seed, runs[seed]), y[b] - 5)
            for seed, (a, b) in enumerate((halves, halves[::-1]))
        ]
        losses[lr] = float(torch.stack(said).mean())
    return min(losses, key=lambda lr: losses[lr])


def difference(verdict: Verdict, first: str, second: str, scale: float, digits: int) -> str:
    """Writes by how much the mean score of one way is above another's, with the interval that holds for all pairs."""
    pair = next(pair for pair in verdict.pairs if {pair.first, pair.second} == {first, second})
    sign = scale if pair.first == first else -scale
    low, high = sorted((sign * pair.low, sign * pair.high))
    return f"{sign * pair.effect:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def table(lrs: dict[str, float], right: Verdict, losses: Verdict) -> str:
    """Writes what was found of every way, and how it differs from the first."""
    lines = [f"{'way':<28} {'lr':<5} {'accuracy, %':<12} {'difference':<23} {'log loss':<9} difference"]
    for way in WAYS:
        cells = [f"{way.name:<28} {lrs[way.name]:<5g}"]
        for verdict, scale, digits, width in ((right, 100, 1, 12), (losses, 1, 3, 9)):
            cells.append(f"{scale * verdict.of(way.name).mean:.{digits}f}".ljust(width))
            other = way is not WAYS[0]
            cells.append((difference(verdict, way.name, WAYS[0].name, scale, digits) if other else "").ljust(23))
        lines.append(" ".join(cells).rstrip())
    frozen = [difference(*args) for args in ((right, *FROZEN, 100, 1), (losses, *FROZEN, 1, 3))]
    lines.append(f"'{FROZEN[0]}' less '{FROZEN[1]}': {frozen[0]} % accuracy, {frozen[1]} log loss")
    return "\n".join(lines)


def main() -> None:
    """Compares all ways and prints a table."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("RAVINE_HOME", folder)
        runs = [pretrain(seed, Path(folder)) for seed in range(DRAWS)]
        x, y = images(range(5, 10))
        chosen_by, *draws, test = parts(y, 2 * IMAGES, *[IMAGES] * DRAWS)
        begun: Any = Task(network, (x[draws[0]], y[draws[0]])).pretrained(runs[0], replace_head=True).model
        print(begun.report, end="\n\n")
        lrs, right, losses = {}, {}, {}
        for way in WAYS:
            lrs[way.name] = lr = best_lr(way, x[chosen_by], y[chosen_by], runs)
            said = torch.stack([
                outputs(way, lr, (x[rows], y[rows]), (x[test], y[test]), seed, runs[seed])
                for seed, rows in enumerate(draws)
            ])  # fmt: skip
            right[way.name] = (said.argmax(2) == y[test] - 5).double().numpy()
            losses[way.name] = functional.cross_entropy(
                said.flatten(0, 1), (y[test] - 5).repeat(DRAWS), reduction="none"
            ).reshape(DRAWS, -1).double().numpy()  # fmt: skip
    print(f"{DRAWS} draws of {IMAGES} images a class, {len(test)} test images; differences are from the first way")
    print(table(lrs, judge(right, higher_is_better=True), judge(losses, higher_is_better=False)))


if __name__ == "__main__":
    main()
