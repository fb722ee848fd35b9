"""Members are trained apart, each as `train` would, and gathered; whatever goes wrong with one is told in one line."""

import subprocess
import sys
import threading

import cloudpickle
import pytest
import torch
from torch import nn

from ravine.data.find import find
from ravine.ensemble import Ensemble, Job, bag, boost, ensemble_of, train_ensemble
from ravine.errors import RavineError
from ravine.recipe import read_recipe
from ravine.training.predict import predict
from ravine.training.train import train

from ..training import cases as training_cases
from ..training.cases import network, same
from . import cases
from .cases import QUICK, X, bits, dense, labels, linear, numbers, words

for module in (cases, training_cases):  # workers cannot import tests, so tasks travel whole
    cloudpickle.register_pickle_by_value(module)

HARD = "Recipe(Average(Adam(lr=cosine(0.05))), batch_size=8, epochs=20, stop=early_stopping(patience=2, held_out=0.3))"
"""Averaged weights, statistics estimated for them, an inner split, weights taken back: what `train` does in the end."""


@pytest.mark.parametrize("recipe", [QUICK, HARD])
def test_member_k_is_what_train_makes_of_seed_k(recipe, tmp_path):
    task = labels()
    together = train_ensemble(task, recipe, members=2, workers=1, out=tmp_path)
    for seed, member in enumerate(together.members):
        run = train(task, recipe, seed=seed)
        assert same(member.state, run.model.state_dict())
        assert run.outcome == ("stopped" if recipe is HARD else "finished")
        assert (member.evaluations, member.sentence, member.seed) == (run.evaluations, run.sentence, seed)
    alone = predict(tmp_path / "member-1", X, task=task)  # its folder is that of a run
    torch.testing.assert_close(together.alone(1, task.training_data), alone.outputs)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ensemble.pt", "member-0", "member-1"]
    again = Ensemble.load(tmp_path / "ensemble.pt", task)
    assert bits(again) == bits(together)


def test_the_callers_luck_and_threads_stay_as_they_were():
    before = torch.random.get_rng_state(), torch.get_num_threads()
    train_ensemble(labels(), QUICK, members=1, workers=1)
    bag(labels(), QUICK, members=1, workers=1)
    boost(labels(), QUICK, members=1)
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert before[1] == torch.get_num_threads()


def test_two_ensembles_share_no_luck():
    one, other = (train_ensemble(labels(), QUICK, members=2, workers=1, seed=seed) for seed in (0, 1))
    assert {member.seed for member in one.members} == {0, 1}
    assert {member.seed for member in other.members} == {1000, 1001}


@pytest.mark.slow
def test_side_by_side_they_come_to_the_same_bits(tmp_path):
    ended = []
    for make, task in ((train_ensemble, labels()), (bag, find("wine"))):  # one is carried, one is found by its text
        side = make(task, QUICK, members=3, workers=2, out=tmp_path / make.__name__, progress=ended.append)
        assert bits(side) == bits(make(task, QUICK, members=3, workers=1))
        assert {path.name for path in (tmp_path / make.__name__).iterdir()} == {
            "ensemble.pt", "member-0", "member-1", "member-2",
        }  # fmt: skip
    assert len(ended) == 6


def test_a_larger_ensemble_goes_on_from_a_smaller_one(tmp_path):
    task = labels()
    train_ensemble(task, QUICK, members=2, workers=1, out=tmp_path)
    written = [(tmp_path / f"member-{k}" / "model.pt").stat().st_mtime_ns for k in range(2)]
    four = train_ensemble(task, QUICK, members=4, workers=1, out=tmp_path)
    assert [(tmp_path / f"member-{k}" / "model.pt").stat().st_mtime_ns for k in range(2)] == written
    assert bits(four) == bits(train_ensemble(task, QUICK, members=4, workers=1))


def test_a_folder_of_another_ensemble_is_left_alone(tmp_path):
    task = labels()
    first = train_ensemble(task, QUICK, members=2, workers=1, out=tmp_path)
    other = QUICK.replace("0.02", "0.03")
    for make, sentence in [
        (lambda: train_ensemble(task, other, members=2, workers=1, out=tmp_path), "recipe was"),
        (lambda: train_ensemble(task, QUICK, members=2, workers=1, seed=1, out=tmp_path), "seed was 0, now 1000"),
        (lambda: bag(task, QUICK, members=2, workers=1, out=tmp_path), "the data were others"),
        (lambda: boost(task, QUICK, members=2, out=tmp_path), "the data were others"),
        (lambda: train_ensemble(labels(train=(X + 1, task.train[1])), QUICK, workers=1, out=tmp_path), "the data were"),
    ]:
        with pytest.raises(RavineError) as refused:
            make()
        assert "member-0' holds another run: " in str(refused.value)
        assert sentence in str(refused.value)
    assert bits(Ensemble.load(tmp_path / "ensemble.pt", task)) == bits(first)


def explodes_for_some(width: int = 3) -> nn.Module:
    """A network whose weights are beyond all bounds for about half of the seeds."""
    layer = nn.Linear(4, width)
    with torch.no_grad():
        layer.weight.mul_(1e38 if layer.weight[0, 0] > 0 else 1.0)
    return layer


def test_a_member_that_diverged_has_no_say_and_is_named():
    task = labels(model=explodes_for_some)
    together = train_ensemble(task, QUICK, members=6, workers=1)
    assert 0 < len(together) < 6
    assert len(together.notes) == 6 - len(together)
    for note in together.notes:
        assert "has no say. Diverged in epoch 1: its loss or a weight is not finite." in note
    seeds = {member.seed for member in together.members}
    assert {int(note.split()[1]) for note in together.notes} == set(range(6)) - seeds
    assert together.evaluations == 100 * len(together) + 50 * len(together.notes)  # what they cost was spent
    weighted = ensemble_of(task, [(QUICK, seed) for seed in range(6)], weights=range(1, 7), workers=1)
    assert weighted.weights == [seed + 1 for seed in sorted(seeds)]


def test_where_all_diverge_there_is_no_ensemble():
    with pytest.raises(RavineError, match=r"all 2 members diverged: Diverged in epoch 2: .* Lower lr\."):
        train_ensemble(labels(), "Recipe(SGD(lr=1e30), epochs=2)", members=2, workers=1)


def test_members_may_have_recipes_of_their_own():
    task = labels(model=linear)
    longer = read_recipe("Recipe(SGD(lr=0.1), batch_size=10, epochs=4)")
    together = ensemble_of(task, [(QUICK, 7), Job(longer, 8, {"width": 3}, until=3), ("SGD(lr=0.1)", 9)], workers=1)
    assert [member.seed for member in together.members] == [7, 8, 9]
    assert [member.evaluations for member in together.members] == [100, 150, 750]
    assert same(
        together.members[1].state, train(task, longer, seed=8, until=3, arguments={"width": 3}).model.state_dict()
    )


def test_what_cannot_be_trained_is_told_in_one_line():
    task = labels()
    for make, sentence in [
        (lambda: train_ensemble(task, QUICK, members=0), "members=0 must be a whole number from 1 to 1000"),
        (lambda: train_ensemble(task, QUICK, members=2.0), "members=2.0 must be a whole number"),
        (lambda: train_ensemble(task, QUICK, seed=-1), "seed=-1 must be a whole number from 0 to"),
        (lambda: train_ensemble(task, QUICK, by="seed"), "by must be one of seeds, bags. Did you mean 'seeds'?"),
        (lambda: train_ensemble(task, QUICK, workers=0), "workers=0: must be a whole number from 1 to 1024"),
        (lambda: train_ensemble(task, QUICK, combine="mean"), "combine='mean' must be one of"),
        (lambda: train_ensemble(numbers(), QUICK, combine="vote"), "members vote for labels"),
        (lambda: train_ensemble(task, "Adam(lr=log(1e-4, 1e-1))"), "holds the range"),
        (lambda: train_ensemble(task, QUICK, engine="fast"), "engine"),
        (lambda: train_ensemble(task, QUICK, arguments={"x": object()}, workers=1), "arguments: x=<object"),
        (lambda: train_ensemble("digit", QUICK), "Did you mean 'digits'?"),
        (lambda: ensemble_of(task, []), "an ensemble needs at least one member, got none"),
        (lambda: bag(task, QUICK, members=-1), "members=-1"),
        (lambda: train_ensemble(labels(model=lambda: nn.Linear(4, 2)), QUICK, workers=1), "needs [8, 3]"),
    ]:
        with pytest.raises(RavineError) as refused:
            make()
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)


class Fails(nn.Module):
    """Breaks off in the second epoch, and only in training."""

    def __init__(self):
        super().__init__()
        self.layer, self.calls = nn.Linear(4, 3), 0

    def forward(self, x):
        self.calls += self.training
        if self.calls > 6:
            raise ValueError("no\nmore")
        return self.layer(x)


def test_what_a_network_raises_is_told_in_one_line(tmp_path):
    with pytest.raises(
        RavineError, match=r"^training broke off in epoch 2: ValueError: no more \(test_members.py, line"
    ):
        train_ensemble(labels(model=Fails), QUICK, members=2, workers=1, out=tmp_path)


PROGRAM = """
import os
from functools import partial
from torch import nn
import torch
from ravine.data.task import Task
from ravine.data.find import find
from ravine.ensemble import train_ensemble
from ravine.executor import worker_processes

parent = os.getpid()

def network():
    if os.getpid() != parent:
        os._exit(3)
    return nn.Linear(2, 2)

task = Task(network, (torch.eye(2).repeat(20, 1), torch.tensor([0, 1]).repeat(20)))
try:
    start = partial(worker_processes, 1)
    train_ensemble(task, "Recipe(SGD(), epochs=1)", members=1, executor=start)
except ValueError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
def test_a_worker_that_dies_is_told_in_one_line():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("RavineError member 0: Failed: ")
    assert "its worker process died twice (EXIT(3)). The same call goes on with what is kept." in ended.stdout


class Counted(nn.Module):
    """Counts its steps, and breaks off at one of them."""

    steps, breaks_at = 0, 8

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        Counted.steps += self.training
        if Counted.steps == Counted.breaks_at:
            raise ValueError("cut off")
        return self.layer(x)


def test_what_was_cut_off_is_not_done_twice(tmp_path, monkeypatch):
    task = labels(model=Counted)
    options = {"members": 2, "workers": 1, "out": tmp_path, "checkpoint_seconds": 0}
    with pytest.raises(RavineError, match="cut off"):
        train_ensemble(task, QUICK, **options)  # in the second of two epochs of five steps
    monkeypatch.setattr(Counted, "steps", 0)
    monkeypatch.setattr(Counted, "breaks_at", -1)
    train_ensemble(task, QUICK, **options)
    assert Counted.steps == 3 + 10


def test_nothing_is_trained_that_cannot_be_combined(tmp_path):
    with pytest.raises(RavineError, match="members vote for labels"):
        train_ensemble(numbers(), QUICK, combine="vote", out=tmp_path / "ensemble")
    assert not (tmp_path / "ensemble").exists()


def test_a_task_that_cannot_be_carried_says_so(tmp_path):
    lock = threading.Lock()
    task = labels(model=lambda: (lock, network())[1])
    with pytest.raises(
        RavineError, match=r"cannot be carried to worker processes: TypeError: .*or train with workers=1"
    ):
        train_ensemble(task, QUICK, members=2, workers=2, out=tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(train_ensemble(task, QUICK, members=2, workers=1)) == 2


def test_members_know_their_labels():
    (member,) = train_ensemble(words(), QUICK, members=1, workers=1).members
    assert member.labels == ("'few'", "'many'", "'some'")
    (member,) = train_ensemble(dense(), QUICK, members=1, workers=1).members
    assert member.labels is None
