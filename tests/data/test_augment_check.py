"""What a task can't have is refused in one sentence, and what may change its labels is told."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from ravine.data.augment_check import check_augmentation, warnings_of
from ravine.data.color import brightness, color
from ravine.data.geometry import crop, flip, rotate, scale
from ravine.data.mix import cutmix, mixup
from ravine.data.noise import erase, gaussian_noise
from ravine.data.ready_made import diabetes, digits, wine
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.ranges import choice, integers, log, uniform

GRAY = torch.rand(6, 1, 8, 9)
ROWS = torch.rand(6, 5)
LABELS = torch.arange(6) % 2
NUMBERS = torch.linspace(0, 1, 6)


def task(inputs, targets, **given):
    return Task(model=lambda: nn.Linear(1, 1), train=(inputs, targets), **given)


def by_step(model, batch):
    return model(batch[0]).sum()


@pytest.mark.parametrize(
    ("part", "given", "told"),
    [
        (cutmix(), task(ROWS, LABELS), r"^cutmix\(\) takes images, \[n, c, h, w\], and the inputs are \[n, 5\]"),
        (crop(), task(ROWS, LABELS), r"^crop\(\) takes images"),
        (crop(8), task(GRAY, LABELS), r"^crop\(padding=8\) can push .* 8 x 9 .*: padding must be at most 7\.$"),
        (crop(integers(1, 8)), task(GRAY, LABELS), "padding must be at most 7"),
        (color(), task(GRAY, LABELS), r"^color\(\) takes red, green and blue, and the images have 1 channel"),
        (gaussian_noise(), task(torch.arange(30).view(6, 5), LABELS), "takes floating-point inputs, and these are int"),
        (mixup(), task(ROWS, NUMBERS), r"^mixup\(\) mixes classes, .* numbers: write mixup\(numbers=True\) if"),
        (mixup(alpha=0.4), task(ROWS, NUMBERS), r"write mixup\(alpha=0.4, numbers=True\) if"),
        (cutmix(), task(GRAY, NUMBERS), r"^cutmix\(\) mixes classes, and the targets are numbers"),
        (mixup(), diabetes(), "write mixup"),
        (mixup(), task(ROWS, NUMBERS, loss=lambda o, t: (o - t).abs().mean()), "write mixup"),
        (mixup(), task(ROWS, LABELS, loss=nn.NLLLoss()), "nothing says that the task's loss, NLLLoss, takes them"),
        (mixup(), task(ROWS, LABELS, loss=functional.nll_loss), "nothing says that the task's loss, nll_loss,"),
        (mixup(), task(ROWS, LABELS, loss=lambda o, t: o.sum() + t.sum()), "nothing says that the task's loss"),
        (mixup(), task(ROWS, LABELS, step=by_step), "nothing says that the task's step takes them"),
        (mixup(), Task(model=lambda: nn.Linear(1, 1), train=ROWS, step=by_step), "mixes targets, and the task has no"),
        (mixup(), task(GRAY, torch.ones(6, 8, 9).long(), loss="cross_entropy"), r"one class for each .* \[n, 8, 9\]"),
        (rotate(), task(GRAY, torch.ones(6, 8, 9).long(), loss="cross_entropy"), r"moves pixels, .* \[n, 8, 9\]"),
        (crop(), task(GRAY, GRAY), r"moves pixels, .* \[n, 1, 8, 9\]"),
        (erase(), Task(model=lambda: nn.Linear(1, 1), train=(GRAY, GRAY, LABELS)), "each example has 2: leave it out"),
        (erase(), Task(model=lambda: nn.Linear(1, 1), train={"a": GRAY, "b": ROWS, "y": LABELS}), "each example has 2"),
    ],
)  # fmt: skip
def test_what_a_task_cannot_have_is_refused_in_one_line(part, given, told):
    with pytest.raises(RavineError, match=told) as error:
        check_augmentation((part,), given)
    assert "\n" not in str(error.value)


def test_one_part_that_does_not_suit_is_enough():
    with pytest.raises(RavineError, match=r"^crop\(\) takes images"):
        check_augmentation((gaussian_noise(), crop()), wine())


@pytest.mark.parametrize(
    ("parts", "given"),
    [
        ((mixup(), gaussian_noise()), wine()),
        ((mixup(numbers=True),), diabetes()),
        ((mixup(),), task(ROWS, LABELS, loss="binary_cross_entropy")),
        ((mixup(),), task(ROWS, LABELS, loss=nn.CrossEntropyLoss())),
        ((mixup(numbers=True),), task(ROWS, torch.rand(6, 3))),
        ((cutmix(), crop(7), erase(), brightness()), task(GRAY, LABELS)),
        ((color(),), task(torch.rand(6, 3, 4, 4), LABELS)),
        ((erase(), gaussian_noise()), task(GRAY, torch.ones(6, 8, 9).long(), loss="cross_entropy")),
        ((flip(), rotate(180)), task(GRAY, NUMBERS)),
        ((flip(),), Task(model=lambda: nn.Linear(1, 1), train={"a": GRAY, "y": LABELS})),
        ((gaussian_noise(log(0.01, 0.1)), mixup(uniform(0.1, 0.4))), wine()),
        ((gaussian_noise(),), Task(model=lambda: nn.Linear(1, 1), train=ROWS, step=by_step)),
        ((), Task(model=lambda: nn.Linear(1, 1), train=(GRAY, GRAY, LABELS))),
    ],
)
def test_what_suits_a_task_passes_without_a_word(parts, given):
    assert check_augmentation(parts, given) == []


def test_digits_say_what_leaves_them_what_they_are():
    assert check_augmentation((crop(2), rotate(20), brightness(), mixup()), digits()) == []
    flipped, turned = check_augmentation((flip(), crop(1), rotate(90)), digits())
    assert flipped.startswith("flip() may change labels: the task calls safe only crop up to 2, shift up to 0.2,")
    assert turned == "rotate(degrees=90) may change labels: the task calls rotate safe up to degrees=20."


@pytest.mark.parametrize(
    ("part", "safe", "count"),
    [
        (rotate(20), {"rotate": 20}, 0),
        (rotate(20.1), {"rotate": 20}, 1),
        (rotate(180), {"rotate": None}, 0),
        (rotate(uniform(0.0, 30.0)), {"rotate": 20}, 1),
        (rotate(uniform(0.0, 20.0)), {"rotate": 20}, 0),
        (rotate(choice((5, 90))), {"rotate": 20}, 1),
        (flip(), {"flip": None}, 0),
        (flip(), {}, 1),
        (flip(), None, 0),
        (mixup(), {}, 0),
        (cutmix(), {}, 0),
    ],
)
def test_only_what_is_beyond_the_tasks_word_is_told(part, safe, count):
    assert len(warnings_of((part,), safe)) == count


def test_every_unsafe_part_has_a_sentence_of_its_own():
    told = warnings_of((flip(), scale(0.1), rotate(90)), {"scale": 0.05})
    assert [sentence.split(" may ")[0] for sentence in told] == ["flip()", "scale()", "rotate(degrees=90)"]
    assert warnings_of((flip(),), {}) == ["flip() may change labels: the task calls safe only nothing."]
