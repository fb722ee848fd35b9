"""Augmentation beside a training step of the small CNN at batch 64: one augmented batch as a share of one step.

Goals: crop, flip, rotation and brightness together less than 35 % of a step; mixing less than 5 %. The same four are
timed as kornia's own modules, too, one sampling each.
"""

import statistics
from collections.abc import Callable

import kornia.augmentation
import torch
from evidence import conditions, median_ratio, record, side_by_side
from sklearn.datasets import load_digits
from torch import Tensor, nn

from ravine.data.augment import augmented
from ravine.data.augmentation import Augmentation
from ravine.data.color import brightness, color, contrast
from ravine.data.geometry import crop, flip, rotate, scale, shift
from ravine.data.mix import cutmix, mixup
from ravine.data.noise import erase, gaussian_noise, salt_and_pepper
from ravine.data.ready_made import digits_cnn
from ravine.optim import Optimizer
from ravine.rules import Adam

BATCH, CALLS, ROUNDS = 64, 200, 15
STEP, FOUR, KORNIA = "a training step", "crop, flip, rotate, brightness", "the same as kornia's four modules"


def training_step(x: Tensor, y: Tensor) -> Callable[[], None]:
    """Forward pass, backward pass and one step of Adam."""
    model = digits_cnn()
    optimizer = Optimizer(list(model.parameters()), Adam())

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


def often(function: Callable[[], object]) -> Callable[[], None]:
    """Calls a function as often as makes a round long enough to be timed."""

    def run() -> None:
        for _ in range(CALLS):
            function()

    return run


def by_ravine(x: Tensor, y: Tensor, *parts: Augmentation) -> Callable[[], None]:
    """One batch after the other by the same parts."""
    return often(lambda: augmented(parts, x, y))


def by_mixing(x: Tensor, y: Tensor, part: Augmentation) -> Callable[[], None]:
    """The same for a part that mixes, from classes on, which become shares of each class first."""
    return often(lambda: augmented((part,), x, nn.functional.one_hot(y, 10).to(x.dtype)))


def by_kornia(x: Tensor) -> Callable[[], None]:
    """The same four as modules of kornia's, in the same order."""
    modules = nn.Sequential(
        kornia.augmentation.RandomCrop((8, 8), padding=1),
        kornia.augmentation.RandomHorizontalFlip(p=0.5),
        kornia.augmentation.RandomRotation(10.0, p=1.0),
        kornia.augmentation.RandomBrightness((0.8, 1.2), p=1.0),
    )
    return often(lambda: modules(x))


def colored() -> list[str]:
    """Color takes three channels: a line of its own, beside kornia's saturation and hue by way of HSV."""
    x, y = torch.rand(BATCH, 3, 32, 32), torch.zeros(BATCH, 10)
    own = "color"
    theirs = kornia.augmentation.ColorJiggle(saturation=0.2, hue=10 / 360, p=1.0)
    seconds = side_by_side({own: by_ravine(x, y, color()), "kornia": often(lambda: theirs(x))}, 3)
    times = {name: 1e6 * statistics.median(found) / CALLS for name, found in seconds.items()}
    line = f"color on {BATCH} images of 3 x 32 x 32: {times[own]:.0f} microseconds; kornia's ColorJiggle of saturation "
    return [f"{line}and hue, by way of HSV: {times['kornia']:.0f}"]


def main() -> None:
    """Times every part beside the step, and keeps the evidence."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    digits = load_digits()
    x = torch.from_numpy(digits.images[:BATCH] / 16).float().unsqueeze(1)
    y = torch.from_numpy(digits.target[:BATCH]).long()
    four = (crop(), flip(), rotate(), brightness())
    mixing = (mixup(), mixup(each=True), cutmix())
    others = (*four, scale(), shift(), contrast(), erase(), gaussian_noise(), salt_and_pepper())
    contestants = {
        STEP: often(training_step(x, y)),
        FOUR: by_ravine(x, y, *four),
        KORNIA: by_kornia(x),
        **{repr(part): by_mixing(x, y, part) for part in mixing},
        **{repr(part): by_ravine(x, y, part) for part in others},
    }
    seconds = side_by_side(contestants, ROUNDS)
    lines = conditions("kornia")
    lines.append(f"batches of {BATCH} digits, 8 x 8 pixels; {CALLS} calls a round, {ROUNDS} rounds in turn, medians")
    for name, times in seconds.items():
        share = 100 * median_ratio(seconds, name, STEP)
        goal = " (goal: less than 35 %)" if name == FOUR else " (goal: less than 5 %)" if "mix" in name else ""
        lines.append(f"  {name:<34} {1e6 * statistics.median(times) / CALLS:7.0f} microseconds {share:6.1f} %{goal}")
    record("augmentation", [*lines, *colored()])


if __name__ == "__main__":
    main()
