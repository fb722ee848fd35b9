"""Objectives against their closed forms, in shares of classes too, and what each suits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from torch import nn
from torch.nn import functional

from ravine.data.find import find
from ravine.data.objectives import (
    OBJECTIVES,
    Objective,
    absolute_error,
    cross_entropy,
    focal,
    huber,
    label_smoothing,
    objective_for,
    squared_error,
)
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.ranges import RANGES, uniform
from ravine.text import read

LUCK = torch.Generator().manual_seed(0)
LOGITS = torch.randn(12, 4, generator=LUCK, dtype=torch.float64) * 3
CLASSES = torch.arange(12) % 4
SHARES = torch.rand(12, 4, generator=LUCK, dtype=torch.float64).softmax(1)
NUMBERS = torch.randn(12, generator=LUCK, dtype=torch.float64) * 2
SURE = LOGITS.softmax(1).log().numpy()  # log p, by another way than log_softmax
ONES = np.eye(4)[CLASSES]
SHARE = st.floats(0, 1)


def smoothed(shares, amount):
    return ((1 - amount) * -(shares * SURE).sum(1) + amount * -SURE.mean(1)).mean()


@given(amount=SHARE)
def test_smoothing_gives_every_class_its_part(amount):
    ours = label_smoothing(amount)
    assert ours.of(LOGITS, CLASSES).item() == pytest.approx(smoothed(ONES, amount), rel=1e-12)
    assert ours.of(LOGITS, SHARES).item() == pytest.approx(smoothed(SHARES.numpy(), amount), rel=1e-12)
    theirs = nn.CrossEntropyLoss(label_smoothing=amount)
    assert ours.of(LOGITS, CLASSES).item() == pytest.approx(theirs(LOGITS, CLASSES).item(), rel=1e-12)


def test_its_best_outputs_are_the_papers():
    # Section 7: the outputs that reach the smoothed labels differ by log((K - 1)(1 - e) / e + 1).
    z = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [z], max_iter=200, tolerance_grad=1e-12, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = label_smoothing(0.2).of(z, torch.tensor([2]))
        loss.backward()
        return loss

    optimizer.step(closure)
    best = z.detach()[0] - z.detach()[0, 0]
    torch.testing.assert_close(best, torch.tensor([0, 0, np.log(0.85 / 0.05), 0]).double(), rtol=0, atol=1e-8)


def test_cross_entropy_is_the_log_loss():
    assert cross_entropy().of(LOGITS, CLASSES).item() == pytest.approx(log_loss(CLASSES, LOGITS.softmax(1)))
    assert cross_entropy().of(LOGITS, SHARES).item() == pytest.approx(smoothed(SHARES.numpy(), 0.0))


@given(focus=st.floats(0, 5))
def test_focal_weighs_by_what_is_missing(focus):
    each = (1 - np.exp(SURE)) ** focus * -SURE
    assert focal(focus).of(LOGITS, CLASSES).item() == pytest.approx((ONES * each).sum(1).mean(), rel=1e-10)
    assert focal(focus).of(LOGITS, SHARES).item() == pytest.approx((SHARES.numpy() * each).sum(1).mean(), rel=1e-10)


@pytest.mark.parametrize("focus", [0.0, 0.3, 1.0, 2.0])
def test_focal_has_a_slope_where_nothing_is_missing_any_more(focus):
    z = torch.tensor([[200.0, 0.0], [0.0, 200.0]], requires_grad=True)
    focal(focus).of(z, torch.tensor([0, 0])).backward()
    assert z.grad.isfinite().all()
    assert z.grad[1, 1] > 0
    values = torch.randn(3, 4, generator=LUCK, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: focal(focus).of(z, torch.tensor([0, 3, 1])), (values,))


def test_places_that_are_left_out_count_for_nothing():
    outputs, targets = torch.randn(2, 3, 4, generator=LUCK), torch.tensor([[0, -100, 2, 1], [1, 1, -100, 0]])
    kept = targets != -100
    for objective in cross_entropy(), label_smoothing(0.3), focal():
        alone = objective.of(outputs.movedim(1, -1)[kept], targets[kept])
        torch.testing.assert_close(objective.of(outputs, targets), alone)


@pytest.mark.parametrize(
    ("objective", "of_error"),
    [
        (squared_error(), np.square),
        (absolute_error(), np.abs),
        (huber(0.7), lambda e: np.where(np.abs(e) < 0.7, e**2 / 2, 0.7 * (np.abs(e) - 0.35))),
        (huber(2.0), lambda e: np.where(np.abs(e) < 2, e**2 / 2, 2 * (np.abs(e) - 1))),
    ],
)
def test_errors_of_numbers_are_what_their_names_say(objective, of_error):
    expected = of_error((LOGITS[:, 0] - NUMBERS).numpy()).mean()
    assert objective.of(LOGITS[:, 0], NUMBERS).item() == pytest.approx(expected)
    assert objective.of(LOGITS[:, :1], NUMBERS).item() == pytest.approx(expected)  # never all pairs
    whole = objective.of(LOGITS[:, 0], CLASSES).item()
    assert whole == pytest.approx(of_error((LOGITS[:, 0] - CLASSES).numpy()).mean())


def task(loss=None, targets=CLASSES, **others):
    return Task(
        lambda: nn.Linear(2, 4), (torch.randn(12, 2, generator=LUCK), targets), loss=loss, name="mine", **others
    )


BINARY = CLASSES.double() % 2


@given(amount=SHARE)
def test_two_classes_by_one_output_are_smoothed_as_two(amount):
    loss = objective_for(task("binary_cross_entropy", BINARY), label_smoothing(amount))
    soft = BINARY * (1 - amount) + amount / 2
    expected = functional.binary_cross_entropy_with_logits(NUMBERS, soft).item()
    assert loss(NUMBERS, BINARY).item() == pytest.approx(expected, rel=1e-12)
    assert loss(NUMBERS[:, None], BINARY).item() == pytest.approx(expected, rel=1e-12)


def test_two_classes_take_any_objective_for_classes_and_mixed_targets():
    problem, mixed = task("binary_cross_entropy", BINARY), torch.rand(12, generator=LUCK, dtype=torch.float64)
    p = NUMBERS.sigmoid()
    assert objective_for(problem, cross_entropy())(NUMBERS, BINARY).item() == pytest.approx(log_loss(BINARY, p))
    expected = functional.binary_cross_entropy_with_logits(NUMBERS, mixed)
    for objective in None, cross_entropy(), focal(0.0):
        torch.testing.assert_close(objective_for(problem, objective)(NUMBERS, mixed), expected)
    right = torch.where(BINARY == 1, p, 1 - p)
    torch.testing.assert_close(
        objective_for(problem, focal(2.0))(NUMBERS, BINARY), ((1 - right) ** 2 * -right.log()).mean()
    )
    several = torch.stack([BINARY, 1 - BINARY, mixed], 1)
    outputs = LOGITS[:, :3]
    of_each = functional.binary_cross_entropy_with_logits(outputs, several)
    torch.testing.assert_close(objective_for(problem, cross_entropy())(outputs, several), of_each)


@pytest.mark.parametrize("loss", ["cross_entropy", nn.CrossEntropyLoss(), functional.cross_entropy, None])
@pytest.mark.parametrize("objective", [None, cross_entropy()])
def test_shares_of_fewer_classes_than_outputs_are_filled_up(loss, objective):
    mean = objective_for(task(loss), objective)
    three = SHARES[:, :3] / SHARES[:, :3].sum(1, keepdim=True)
    assert mean(LOGITS, three).item() == pytest.approx(-(three.numpy() * SURE[:, :3]).sum(1).mean())
    assert mean(LOGITS, CLASSES).item() == pytest.approx(log_loss(CLASSES, LOGITS.softmax(1)))
    dense = mean(torch.stack([LOGITS, LOGITS], 2), torch.stack([three, three], 2))
    assert dense.item() == pytest.approx(mean(LOGITS, three).item())
    with pytest.raises(RavineError, match="the model gives 2 outputs for 3 classes"):
        mean(LOGITS[:, :2], three)


def test_the_weights_of_classes_in_the_tasks_own_loss_stay():
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64))
    assert torch.equal(objective_for(task(weighted), None)(LOGITS, SHARES), weighted(LOGITS, SHARES))


@pytest.mark.parametrize("loss", [nn.NLLLoss(), functional.nll_loss])
def test_log_probabilities_that_are_mixed_want_cross_entropy(loss):
    problem, log_p = task(loss), LOGITS.log_softmax(1)
    mean = objective_for(problem, None)
    assert mean(log_p, CLASSES).item() == pytest.approx(log_loss(CLASSES, LOGITS.softmax(1)))
    with pytest.raises(RavineError, match=r"takes no shares of classes.* loss=cross_entropy\(\)"):
        mean(log_p, SHARES)
    assert objective_for(problem, cross_entropy())(log_p, SHARES).item() == pytest.approx(smoothed(SHARES.numpy(), 0.0))


def own(outputs, targets):
    return (outputs.logsumexp(1) - outputs.gather(1, targets[:, None])[:, 0]).mean()


def test_a_loss_of_ones_own_is_left_alone_and_can_be_varied():
    assert objective_for(task(own), None)(LOGITS, CLASSES).item() == pytest.approx(log_loss(CLASSES, LOGITS.softmax(1)))
    assert objective_for(task(own), label_smoothing(0.5))(LOGITS, CLASSES).item() == pytest.approx(smoothed(ONES, 0.5))
    numbers = task(lambda outputs, targets: (outputs - targets).pow(4).mean(), NUMBERS)
    assert objective_for(numbers, None)(NUMBERS + 2, NUMBERS).item() == pytest.approx(16)
    assert objective_for(numbers, absolute_error())(NUMBERS + 2, NUMBERS).item() == pytest.approx(2)


@pytest.mark.parametrize(
    ("problem", "objective", "says"),
    [
        (
            task(targets=NUMBERS),
            label_smoothing(0.2),
            r"^Recipe\(loss=label_smoothing\(amount=0.2\)\): it is for classes, ",
        ),
        (
            task(targets=NUMBERS),
            focal(),
            r"of mine are numbers: use squared_error\(\), absolute_error\(\) or huber\(\)\.$",
        ),
        (task(), huber(), r"of mine are classes: use cross_entropy\(\), label_smoothing\(\) or focal\(\)\.$"),
        (task("binary_cross_entropy", BINARY), huber(), "the targets of mine are two classes: use cross_entropy"),
        (task(own), squared_error(), "the targets of mine are classes"),
        (task(nn.PoissonNLLLoss(), NUMBERS.abs()), focal(), "the targets of mine are numbers"),
        (find("diabetes"), cross_entropy(), "the targets of diabetes are numbers"),
    ],
)
def test_an_objective_for_other_targets_is_refused_in_one_line(problem, objective, says):
    with pytest.raises(RavineError, match=says) as refusal:
        objective_for(problem, objective)
    assert "\n" not in str(refusal.value)


class Margin(Objective):
    """Hinges, for targets of any kind: it sees them as they come."""

    def of(self, outputs, targets):
        return (1 - outputs * targets).clamp(min=0).mean()


def test_an_objective_of_ones_own_sees_targets_as_they_come():
    signs = 2 * BINARY - 1
    for problem in task(targets=signs), task("binary_cross_entropy", BINARY):
        assert objective_for(problem, Margin())(NUMBERS, signs).item() == pytest.approx(
            (1 - NUMBERS * signs).clamp(min=0).mean().item()
        )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: label_smoothing(1.1), r"amount must be in \[0, 1\], got 1.1"),
        (lambda: label_smoothing(uniform(-0.1, 0.2)), "amount must be in"),
        (lambda: huber(0.0), "width must be above 0, got 0.0"),
        (lambda: focal(-1), "focus must be at least 0, got -1"),
    ],
)
def test_a_number_out_of_bounds_is_refused(make, says):
    with pytest.raises(RavineError, match=says):
        make()


@pytest.mark.parametrize(
    "written", ["cross_entropy()", "label_smoothing(amount=uniform(0.02, 0.3))", "focal(focus=1.0)", "huber(width=0.5)"]
)
def test_its_text_is_what_one_types(written):
    assert repr(read(written, OBJECTIVES | RANGES)) == written


def test_every_objective_can_be_made_at_its_defaults_and_suits_something():
    assert all(one().suits in (("classes",), ("numbers",)) for one in OBJECTIVES.values())
