"""Boosted networks, from end to end: weights in the loss, what members learn from, and what they say together."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ravine.data.examples import InMemory
from ravine.data.metrics import METRICS
from ravine.data.task import Task
from ravine.ensemble import Ensemble, boost
from ravine.ensemble.weighted import weighted
from ravine.errors import RavineError
from ravine.recipe import read_recipe
from ravine.training.loop import epochs

from ..training.cases import training_of
from .cases import LABELS, X, binary, bits, dataset, dense, dicts, labels, linear, numbers, words

WEAK = "Recipe(SGD(lr=0.3), batch_size='all', epochs=3)"
"""Three steps: enough to be better than chance, too few to be right."""


def trained_weights(task, examples) -> dict[str, torch.Tensor]:
    training = training_of(task, read_recipe("Recipe(SGD(lr=0.3), batch_size='all', epochs=5, order='stored')"))
    training.examples = examples
    list(epochs(training, 5))
    return training.model.state_dict()


@pytest.mark.parametrize("make", [lambda: labels(model=linear), binary, dicts])
def test_a_weight_in_the_loss_is_as_good_as_an_example_that_stands_so_often(make):
    task = make()
    times = torch.arange(len(task.training_data)).double() % 4
    heavy, examples = weighted(task, task.training_data, times)
    rows = torch.repeat_interleave(torch.arange(len(times)), times.long())
    by_weight, by_count = trained_weights(heavy, examples), trained_weights(task, task.training_data.subset(rows))
    plain = trained_weights(task, task.training_data)
    for name, value in by_weight.items():
        torch.testing.assert_close(value, by_count[name], rtol=1e-5, atol=1e-6)
        assert not torch.allclose(value, plain[name], rtol=1e-3)


def test_the_weighted_loss_is_the_mean_of_weighted_losses():
    task = labels(model=linear)
    weights = torch.from_numpy(np.random.default_rng(0).random(50))
    heavy, examples = weighted(task, task.training_data, weights)
    model, batch = linear(), examples.batch(torch.arange(10, 17))
    loss, outputs, targets = heavy.compute(model, batch)
    each = functional.cross_entropy(
        model(torch.from_numpy(X[10:17])), torch.from_numpy(LABELS[10:17]), reduction="none"
    )
    expected = (weights[10:17] / weights.mean() * each.double()).mean()
    torch.testing.assert_close(loss.double(), expected, rtol=1e-6, atol=0)
    said, true = heavy.score(model, batch)
    assert torch.equal(said, model(torch.from_numpy(X[10:17])))
    assert torch.equal(true, targets)
    assert outputs.shape == (7, 3)


def labels_of(ensemble, k, task):
    said = ensemble.alone(k, task.training_data)
    return (said.argmax(1) if said.shape[1] > 1 else (said.flatten() > 0).long()).numpy()


@pytest.mark.parametrize("make", [labels, binary, words])
def test_reweighting_counts_members_by_their_weighted_errors(make):
    task = make()
    together = boost(task, WEAK, members=4)
    assert together.combine == "vote"
    targets, classes = task.training_data.targets.numpy().astype(int), 2 if make is binary else 3
    w = np.full(50, 1 / 50)
    for k, weight in enumerate(together.weights):
        wrong = labels_of(together, k, task) != targets
        error = w[wrong].sum()
        assert weight == pytest.approx(np.log((1 - error) / error) + np.log(classes - 1), rel=1e-9)
        w[wrong] *= np.exp(weight)
        w /= w.sum()


def test_members_that_are_too_simple_are_better_together():
    luck = np.random.default_rng(1)
    inputs = luck.normal(size=(400, 2)).astype(np.float32)
    inside = (np.abs(inputs).max(1) < 1).astype(int)  # a square, which two hidden units cannot bound
    small = lambda: nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))  # noqa: E731
    task = Task(small, (inputs, inside), test=(inputs, inside))
    together = boost(task, "Recipe(Adam(lr=0.05), batch_size='all', epochs=100)", members=6)
    right, true = METRICS["accuracy"].value, torch.from_numpy(inside)
    alone = right(together.alone(0, task.training_data), true)
    assert right(together.outputs(task.training_data), true) > alone + 0.1  # 0.94 after 0.81


@pytest.mark.parametrize("make", [labels, dataset])
def test_resampling_needs_no_loss_for_each_example(make):
    task = make(step=by_step) if make is labels else make()
    together = boost(task, WEAK, members=3, by="resampling")
    again = boost(task, WEAK, members=3, by="resampling")
    assert bits(together) == bits(again)
    assert len(together) == 3
    assert together.outputs(task.test_data).shape == (len(task.test_data), 3)


def by_step(model, batch):
    inputs, targets = batch
    return functional.cross_entropy(model(inputs), targets)


def test_filtering_makes_three_of_thirds():
    task = labels(model=linear)
    together = boost(task, WEAK, by="filtering", members=9)
    assert together.weights == [1.25, 1.0, 1.5][: len(together)]
    costs = [member.evaluations for member in together.members]
    assert costs[0] == 3 * 17  # a third of 50, three times over
    assert all(0 < cost < 3 * 17 for cost in costs[1:])
    assert len(together) == 3
    assert together.outputs(task.test_data).exp().sum(1).allclose(torch.ones(20))


def test_residuals_are_what_the_members_before_have_left():
    task = numbers()
    together = boost(task, WEAK, members=4, shrinkage=0.7, seed=2)
    assert [member.seed for member in together.members] == [2000, 2001, 2002, 2003]
    assert (together.combine, together.weights) == ("sum", [0.7] * 4)
    assert float(together.start) == pytest.approx(float(task.training_data.targets.double().mean()), abs=1e-12)
    f = torch.full((50,), float(together.start), dtype=torch.float64)
    for k in range(4):
        f = f + 0.7 * together.alone(k, task.training_data).squeeze(1).double()
    torch.testing.assert_close(together.outputs(task.training_data).squeeze(1).double(), f, rtol=1e-6, atol=1e-6)


def test_boosted_least_squares_come_to_least_squares():
    """Members that solve for their residuals reach the solution as (1 - shrinkage)^m, and no further."""
    luck = np.random.default_rng(2)
    inputs = luck.normal(size=(40, 3)).astype(np.float32)
    targets = (inputs @ [1.0, -2.0, 0.5] + 0.3 * luck.normal(size=40) + 5).astype(np.float32)
    task = Task(lambda: nn.Linear(3, 1), (inputs, targets), test=(inputs, targets))
    together = boost(task, "Recipe(Momentum(lr=0.1), batch_size='all', epochs=300)", members=6, shrinkage=0.5)
    design = np.column_stack([inputs, np.ones(40)])
    solution = design @ np.linalg.lstsq(design, targets, rcond=None)[0]
    expected = solution + 0.5**6 * (targets.mean() - solution)
    np.testing.assert_allclose(together.outputs(task.training_data).squeeze(1), expected, atol=1e-5)


def test_it_goes_on_from_what_is_there(tmp_path):
    task = numbers()
    boost(task, WEAK, members=2, out=tmp_path)
    written = (tmp_path / "member-1" / "model.pt").stat().st_mtime_ns
    more = boost(task, WEAK, members=4, out=tmp_path)
    assert (tmp_path / "member-1" / "model.pt").stat().st_mtime_ns == written
    assert bits(more) == bits(boost(task, WEAK, members=4)) == bits(Ensemble.load(tmp_path / "ensemble.pt", task))


def test_it_says_why_it_ended_early():
    task = labels(model=lambda: nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 3)))
    strong = "Recipe(Adam(lr=0.05), batch_size='all', epochs=150)"
    together = boost(task, strong, members=5)
    assert len(together) == 1
    assert together.notes == ("Boosting ended with member 0: it gets every training example right.",)


def test_what_has_no_say_has_cost_its_training_all_the_same():
    luck = np.random.default_rng(1)
    inputs = luck.normal(size=(400, 2)).astype(np.float32)
    corner = ((inputs[:, 0] > 0) & (inputs[:, 1] > 0)).astype(int)  # where lines soon have no more to say
    task = Task(lambda: nn.Linear(2, 2), (inputs, corner), test=(inputs, corner))
    together = boost(task, "Recipe(Adam(lr=0.05), batch_size='all', epochs=100)", members=10)
    assert together.notes[0].endswith("is no better than chance.")
    assert 1 < len(together) < 10
    assert together.evaluations == (len(together) + 1) * 400 * 100


def test_no_number_depends_on_how_many_threads_there_are():
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        boost(numbers(), WEAK, members=2, progress=lambda _: seen.append(torch.get_num_threads()))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 1]


def frozen() -> nn.Module:
    """A network that says the same of everything."""
    model = nn.Linear(4, 3)
    with torch.no_grad():
        model.weight.zero_()
    return model


def test_what_cannot_be_boosted_is_told_in_one_line():
    def own(outputs, targets):
        return (outputs - targets).abs().mean()

    several = InMemory({"inputs": torch.from_numpy(X), "target": (torch.from_numpy(X) > 0).float()}, "target")
    task, far = labels(), "Recipe(SGD(lr=1e30), epochs=2)"
    for make, sentence in [
        (lambda: boost(task, WEAK, by="weights"), "by must be one of reweighting, resampling, filtering, residuals"),
        (lambda: boost(task, WEAK, by="residuals"), "the targets are labels: use by='reweighting', 'resampling' or"),
        (lambda: boost(numbers(), WEAK, by="filtering"), "the targets are numbers: use by='residuals'"),
        (lambda: boost(numbers(loss="huber"), WEAK), "is for the squared error, and the task's loss is huber"),
        (lambda: boost(numbers(loss=own), WEAK), "is for the squared error, and the task's loss is own"),
        (lambda: boost(task, WEAK, shrinkage=0), "shrinkage=0): must be in (0, 1]"),
        (lambda: boost(task, WEAK, shrinkage=True), "must be in (0, 1]"),
        (lambda: boost(task, WEAK, members=0), "members=0 must be a whole number from 1"),
        (lambda: boost(dataset(), WEAK), "needs data in memory: use by='resampling' with a Dataset"),
        (lambda: boost(labels(step=by_step), WEAK), "own step gives no loss for each example to weigh"),
        (lambda: boost(dense(), WEAK), "boosting needs one label for each example"),
        (lambda: boost(Task(lambda: nn.Linear(4, 4), several, several, "binary_cross_entropy"), WEAK), "one label for"),
        (
            lambda: boost(task, "Recipe(SGD(), loss=label_smoothing(0.2))"),
            "the recipe has loss=label_smoothing(amount=0.2): leave",
        ),
        (
            lambda: boost(task, "Recipe(SGD(), augmentation=mixup(0.3))"),
            "the recipe has augmentation=(mixup(alpha=0.3),)",
        ),
        (lambda: boost(task, far), "Boosting ended with member 0, which diverged. Train longer"),
        (lambda: boost(labels(model=frozen), "Recipe(SGD(lr=0.0), epochs=1)"), "no better than chance. Train longer"),
    ]:
        with pytest.raises(RavineError) as refused:
            make()
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)
