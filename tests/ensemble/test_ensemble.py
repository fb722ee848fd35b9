"""An ensemble predicts as its members do together, and comes back from a file as it was."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit, softmax
from torch import nn

from ravine.data.metrics import METRICS
from ravine.ensemble import Ensemble, Member, bag, train_ensemble
from ravine.ensemble.cost import cost_of
from ravine.errors import RavineError
from ravine.training.evaluate import outputs_of
from ravine.training.predict import predict
from ravine.training.train import train

from ..training.cases import limited_file_size, same
from .cases import NUMBERS, QUICK, X, binary, dataset, dense, dicts, labels, linear, numbers, words


def three(task, **options) -> Ensemble:
    return train_ensemble(task, QUICK, members=3, workers=1, **options)


@pytest.fixture(scope="module")
def in_words():
    return three(words())


def test_it_says_what_its_members_say_together(tmp_path):
    task = words()
    runs = [train(task, QUICK, seed=seed, out=tmp_path / str(seed)) for seed in (3, 5)]
    said = [predict(tmp_path / str(seed), X, task=task) for seed in (3, 5)]
    together = Ensemble(task, runs)
    mean = np.mean([one.probabilities for one in said], axis=0)
    found = together.predict(X)
    np.testing.assert_allclose(found.probabilities, mean, rtol=1e-6)
    assert found.classes == ("few", "many", "some")
    assert found.values.tolist() == np.array(found.classes)[mean.argmax(1)].tolist()
    assert found.table().columns.tolist() == ["prediction", "p(few)", "p(many)", "p(some)"]
    assert together.evaluations == 2 * 100
    assert [member.seed for member in together.members] == [3, 5]


@pytest.mark.parametrize(("make", "shape"), [(labels, (20, 3)), (numbers, (20, 1)), (binary, (20, 1)), (dicts, (10,))])
def test_targets_of_every_kind_are_predicted_in_their_own_terms(make, shape):
    task = make()
    together = three(task)
    test = task.test_data or task.training_data.subset(torch.arange(10))
    said = torch.stack([outputs_of(task, model, test).outputs for model in together.models]).double().numpy()
    outputs = together.outputs(test)
    assert outputs.shape == shape
    if make is labels:
        np.testing.assert_allclose(outputs.exp(), softmax(said, axis=2).mean(0), rtol=1e-5)
    elif make is binary:
        np.testing.assert_allclose(outputs.sigmoid(), expit(said).mean(0), rtol=1e-5)
    else:
        np.testing.assert_allclose(outputs, said.mean(0), rtol=1e-5)
    metric = METRICS["log_loss" if make in (labels, binary) else "squared_error"]
    assert np.isfinite(metric.value(outputs, together.said(test).targets))


def test_dense_targets_and_data_sets_are_predicted_too():
    pictures = three(dense())
    assert pictures.outputs(pictures.task.test_data).shape == (4, 2, 4, 4)
    assert pictures.predict(pictures.task.test_data).values.shape == (4, 4, 4)
    rows = three(dataset())
    assert rows.outputs(rows.task.test_data).shape == (30, 3)


def test_a_file_and_a_table_are_predicted_as_a_run_predicts_them(tmp_path):
    table = pd.DataFrame(X, columns=list("abcd")).assign(target=NUMBERS * 100)
    table.to_csv(tmp_path / "data.csv", index=False)
    text = f"{tmp_path / 'data.csv'}:target"
    run = train(text, QUICK, out=tmp_path / "run")
    alone = predict(tmp_path / "run", tmp_path / "data.csv")
    together = Ensemble.load(saved(three(text, out=tmp_path / "several"), tmp_path))
    found = together.first(1).predict(tmp_path / "data.csv")
    np.testing.assert_array_equal(found.values, alone.values)  # in the target's own units
    assert found.values.std() > 1
    assert run.seed == together.members[0].seed == 0


def saved(ensemble: Ensemble, folder):
    ensemble.save(folder / "ensemble.pt")
    return folder / "ensemble.pt"


def test_logits_and_votes_are_combined_when_asked():
    task = labels()
    together = three(task)
    said = together.said(task.test_data).outputs
    logits = replace_combine(together, "average_logits").outputs(task.test_data)
    torch.testing.assert_close(logits, said.mean(0).log_softmax(1))
    vote = replace_combine(together, "vote").outputs(task.test_data)
    shares = np.stack([np.bincount(column, minlength=3) for column in said.argmax(2).T.numpy()])
    np.testing.assert_allclose(vote.exp(), (shares + 1 / 3) / 4, rtol=1e-6)


def replace_combine(ensemble: Ensemble, combine: str) -> Ensemble:
    return Ensemble(ensemble.task, ensemble.members, combine=combine)


def test_a_loss_of_ones_own_is_combined_by_what_it_is_given():
    def own(outputs, targets):
        return nn.functional.cross_entropy(outputs, targets)

    task = words(loss=own)
    together = three(task)
    said = together.said(task.test_data).outputs
    torch.testing.assert_close(together.outputs(task.test_data), said.mean(0))
    assert set(together.predict(X).values) <= {"few", "some", "many"}
    assert replace_combine(together, "vote").outputs(task.test_data).exp().sum(1).allclose(torch.ones(20))


def test_a_bagged_member_is_asked_by_the_preprocessing_of_its_own_sample():
    task = words()
    together = bag(task, QUICK, members=2, workers=1)
    raw = torch.as_tensor(task.train[0])
    for k, member in enumerate(together.members):
        sample = raw[member.rows].double()
        scaled = ((raw.double() - sample.mean(0)) / sample.std(0, correction=0)).float()
        expected = nn.functional.linear(scaled, member.state["weight"], member.state["bias"])
        torch.testing.assert_close(together.alone(k, task.training_data), expected, rtol=1e-4, atol=1e-5)


def test_fewer_members_are_the_first_ones(in_words):
    two = Ensemble(in_words.task, in_words.members, [2, 2, 5], spent=50).first(2)
    assert len(two) == 2
    assert two.evaluations == 200
    test = in_words.task.test_data
    expected = in_words.said(test).outputs[:2].softmax(2).mean(0)
    torch.testing.assert_close(two.outputs(test).exp(), expected)
    for wrong in (0, 4, True):
        with pytest.raises(RavineError, match=r"must be a whole number from 1 to 3"):
            in_words.first(wrong)


def test_states_of_one_run_share_its_cost():
    task = labels(model=linear)
    states = [linear().state_dict() for _ in range(3)]
    together = Ensemble.of_states(task, QUICK, states, evaluations=100, arguments={"width": 3})
    assert [member.evaluations for member in together.members] == [33, 33, 34]
    assert together.evaluations == 100
    expected = torch.stack([torch.from_numpy(X[:20]) @ s["weight"].T + s["bias"] for s in states]).softmax(2).mean(0)
    torch.testing.assert_close(together.outputs(task.test_data).exp(), expected)


def test_a_saved_ensemble_comes_back_as_it_was(tmp_path):
    together = bag(words(), QUICK, members=3, workers=1, combine="vote")
    together = Ensemble(together.task, together.members, [1, 2, 0], "vote", spent=7, notes=("One is away.",))
    again = Ensemble.load(saved(together, tmp_path), words())
    test = together.task.test_data
    assert torch.equal(again.outputs(test), together.outputs(test))
    assert (again.weights, again.combine, again.notes, again.evaluations) == ([1, 2, 0], "vote", together.notes, 307)
    for one, other in zip(again.members, together.members, strict=True):
        same = ("recipe", "layers", "seed", "arguments", "evaluations", "sentence", "labels")
        assert [getattr(one, name) for name in same] == [getattr(other, name) for name in same]
        assert torch.equal(one.rows, other.rows)


def test_nothing_in_a_file_is_unpickled(tmp_path, in_words):
    path = saved(in_words, tmp_path)
    torch.load(path, weights_only=True)
    for write in (torch.save, lambda thing, to: to.write_bytes(pickle.dumps(thing))):
        write({"format": "ravine ensemble 1", "members": [linear()]}, path)
        with pytest.raises(RavineError, match=r"cannot be read: it is damaged, or holds more than tensors"):
            Ensemble.load(path, words())


def damaged(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_a_wrong_file_is_told_in_one_sentence(tmp_path, in_words):
    path = saved(in_words, tmp_path)
    other = words()
    names = {"few": "little", "some": "some", "many": "many"}
    renamed = replace(other, train=(other.train[0], [names[label] for label in other.train[1]]), test=None)
    changed = replace(other, train=(other.train[0] + 1, other.train[1]))
    wider = replace(other, model=lambda: nn.Linear(4, 5))
    for task, sentence in [
        (renamed, "is of another task: its labels are others"),
        (changed, "is of another task, or the task's data have changed since"),
        (wider, "the weights of member 0 are of another model: Error(s) in loading state_dict for Linear"),
        (None, "is of a task that no text finds: give it, as in Ensemble.load(path, task)"),
    ]:
        with pytest.raises(RavineError) as refused:
            Ensemble.load(path, task)
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)
    torch.save(in_words.members[0].state, tmp_path / "model.pt")
    with pytest.raises(RavineError, match=r"model.pt' is no ensemble"):
        Ensemble.load(tmp_path / "model.pt", other)
    damaged(path)
    with pytest.raises(RavineError, match="damaged"):
        Ensemble.load(path, other)
    with pytest.raises(RavineError, match="there is no file"):
        Ensemble.load(tmp_path / "nothing.pt", other)


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path, in_words):
    path = saved(in_words, tmp_path)
    before = path.read_bytes()
    with limited_file_size(2000), pytest.raises(RavineError, match="What was saved before is safe"):
        in_words.save(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["ensemble.pt"]


def test_what_cannot_be_an_ensemble_is_refused(in_words):
    task, members = in_words.task, in_words.members
    other = replace(members[0], labels=("'few'", "'many'"))
    for make, sentence in [
        (lambda: Ensemble(task, []), "Ensemble(members=...) must be a list of at least one member, got []"),
        (lambda: Ensemble(task, members[0]), "must be a list of at least one member"),
        (lambda: Ensemble(task, [linear()]), "member 0 is a Linear: give runs of ravine.train"),
        (lambda: Ensemble(task, [members[0], other]), "member 1 knows the labels 'few', 'many', but the task has the"),
        (lambda: Ensemble(task, [Member(nn.Linear(4, 5).state_dict())]), "weights of member 0 are of another model"),
        (lambda: Ensemble(task, members, combine="mean"), "combine='mean' must be one of average"),
        (lambda: Ensemble(numbers(), members, combine="vote"), "members vote for labels"),
        (lambda: Ensemble(task, members, [1, 2]), "has 2 weights for 3 members"),
        (lambda: Ensemble(task, members, [1, 2, -1]), "weights must be at least 0, and not all of them 0"),
        (lambda: Ensemble(task, members, [0, 0, 0]), "not all of them 0"),
        (lambda: Ensemble(task, members, [1, 2, float("nan")]), "weights must be at least 0"),
        (lambda: Ensemble(labels(loss=None, step=lambda m, b: m(b[0]).sum(), train=X, test=X), members), "no targets"),
        (lambda: Ensemble.of_states(task, QUICK, []), "at least one member"),
        (lambda: in_words.predict(X[:, :2]), "the training data [4]"),
    ]:
        with pytest.raises(RavineError) as refused:
            make()
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_run_that_diverged_is_no_member():
    run = train(labels(), "Recipe(SGD(lr=1e30), epochs=2)", seed=4)
    assert run.outcome == "diverged"
    with pytest.raises(RavineError, match="the run with seed 4 diverged, so it can't be a member"):
        Ensemble(labels(), [run])


def sized(width: int = 8) -> nn.Module:
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))


def test_arguments_and_layers_of_a_run_come_along(tmp_path):
    task = labels(model=sized)
    recipe = "Recipe(Adam(lr=0.02), batch_size=10, epochs=2, layers=(batch_norm(), dropout(0.4)))"
    run = train(task, recipe, arguments={"width": 5}, out=tmp_path / "run")
    together = Ensemble(task, [run])
    assert together.members[0].arguments == {"width": 5}
    expected = run.model(torch.from_numpy(X[:20])).log_softmax(1)
    torch.testing.assert_close(together.outputs(task.test_data), expected)
    again = Ensemble.load(saved(together, tmp_path), task)
    torch.testing.assert_close(again.outputs(task.test_data), expected)
    without = Ensemble(labels(model=sized), [train(task, recipe.replace("dropout(0.4)", "dropout(0.3)"))])
    assert without.members[0].layers == "(batch_norm(), dropout(drop=0.3))"


def test_the_networks_that_a_run_has_kept_are_an_ensemble(tmp_path):
    task = labels(model=sized)
    recipe = "Recipe(Adam(lr=0.02), batch_size=10, epochs=7, keep=snapshots(3))"
    run = train(task, recipe, out=tmp_path / "run")
    kept = Ensemble.of_run(task, run)
    assert [member.evaluations for member in kept.members] == [116, 117, 117]
    assert kept.evaluations == run.evaluations == 350
    expected = run.model(torch.from_numpy(X[:20])).log_softmax(1)
    torch.testing.assert_close(kept.outputs(task.test_data), expected)
    assert cost_of(kept).passes == 3
    as_one = Ensemble(task, [run])  # a member that is itself a mean of three
    torch.testing.assert_close(Ensemble.load(saved(as_one, tmp_path), task).outputs(task.test_data), expected)
    assert (len(as_one), cost_of(as_one).passes, sum(cost_of(as_one).flops)) == (1, 3, sum(cost_of(kept).flops))
    assert len(Ensemble.of_run(task, train(task, QUICK))) == 1


def test_members_keep_what_their_recipe_says():
    task = labels(model=sized)
    recipe = "Recipe(Adam(lr=0.02), batch_size=10, epochs=4, keep=swa(0.5))"
    (member,) = train_ensemble(task, recipe, members=1, workers=1).members
    assert same(member.state, train(task, recipe).model.state_dict())
