"""Scores of an ensemble beside its members', how much they differ, what they cost, and what each of them adds."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from torch import nn

from ravine.data import ledger
from ravine.data.task import Task
from ravine.ensemble import Ensemble, Member, boost, compared, scores, train_ensemble
from ravine.ensemble.cost import cost_of
from ravine.ensemble.curve import choices
from ravine.ensemble.differing import between_pairs, disagreement
from ravine.errors import RavineError

from .cases import LABELS, NUMBERS, QUICK, X, binary, labels, linear, numbers, words


@pytest.fixture(scope="module")
def five():
    return train_ensemble(words(), QUICK, members=5, workers=1)


def test_scores_are_scikit_learns(five):
    found = scores(five, five.task.training_data)
    said = five.said(five.task.training_data).outputs.double().softmax(2).numpy()
    true = five.task.training_data.targets.numpy()
    assert found.score == pytest.approx(accuracy_score(true, said.mean(0).argmax(1)))
    assert found.proper == pytest.approx(log_loss(true, said.mean(0)), rel=1e-6)
    assert found.member_scores == pytest.approx([accuracy_score(true, one.argmax(1)) for one in said])
    assert found.member_propers == pytest.approx([log_loss(true, one) for one in said], rel=1e-6)
    table = found.table()
    assert table.index.tolist() == ["ensemble", *(f"member {k}" for k in range(5))]
    assert table.loc["ensemble"].tolist() == [found.score, found.proper]
    assert (found.metric, found.proper_name, found.examples) == ("accuracy", "log_loss", 50)


def test_the_gain_is_a_paired_difference_over_examples(five):
    found = scores(five, five.task.training_data)
    said = five.said(five.task.training_data).outputs.double().softmax(2).numpy()
    true = five.task.training_data.targets.numpy()
    each = -np.log(said[:, np.arange(50), true])
    gain = each.mean(0) + np.log(said.mean(0)[np.arange(50), true])
    interval = stats.ttest_1samp(gain, 0).confidence_interval(0.95)
    assert found.proper_gain.mean == pytest.approx(gain.mean(), rel=1e-5)
    assert (found.proper_gain.low, found.proper_gain.high) == pytest.approx(tuple(interval), rel=1e-4)
    assert found.proper_gain.mean == pytest.approx(np.mean(found.member_propers) - found.proper)
    assert found.proper_gain.mean > 0  # Jensen
    assert found.gain.mean == pytest.approx(found.score - np.mean(found.member_scores))


def test_weighted_members_are_averaged_as_they_weigh(five):
    heavy = Ensemble(five.task, five.members, [5, 1, 1, 1, 2])
    found = scores(heavy, five.task.training_data)
    mean = np.average(found.member_propers, weights=[5, 1, 1, 1, 2])
    assert found.proper_gain.mean == pytest.approx(mean - found.proper, rel=1e-6)
    assert found.beside == "mean member"
    assert found.by_members.log_loss.iloc[0] == pytest.approx(found.member_propers[0])  # the first of them, alone


def test_numbers_differ_by_their_spread():
    together = train_ensemble(numbers(), QUICK, members=4, workers=1)
    found = scores(together, together.task.training_data)
    said = together.said(together.task.training_data).outputs.squeeze(2).double().numpy()
    assert found.score == pytest.approx(r2_score(NUMBERS, said.mean(0)), rel=1e-5)
    assert found.proper == pytest.approx(mean_squared_error(NUMBERS, said.mean(0)), rel=1e-5)
    assert found.disagreement == pytest.approx(np.sqrt(said.var(0).mean()), rel=1e-6)
    assert found.between_pairs[1, 3] == pytest.approx(np.sqrt(np.mean((said[1] - said[3]) ** 2)), rel=1e-6)
    assert found.proper_gain.mean == pytest.approx(said.var(0).mean(), rel=1e-5)  # Krogh & Vedelsby's ambiguity


def test_numbers_differ_in_the_targets_own_unit(tmp_path):
    pd.DataFrame(X, columns=list("abcd")).assign(target=100 * NUMBERS).to_csv(tmp_path / "data.csv", index=False)
    together = train_ensemble(f"{tmp_path / 'data.csv'}:target", QUICK, members=2, workers=1)
    values = [together.first(1).predict(tmp_path / "data.csv").values]
    values.append(Ensemble(together.task, together.members[1:]).predict(tmp_path / "data.csv").values)
    found = scores(together, together.task.training_data)
    assert found.disagreement == pytest.approx(np.sqrt(np.var(values, axis=0).mean()), rel=1e-5)
    assert found.disagreement > 1


def test_labels_differ_by_the_share_that_two_members_label_otherwise(five):
    found = scores(five, five.task.training_data)
    said = five.said(five.task.training_data).outputs.argmax(2).numpy()
    shares = {(i, j): np.mean(said[i] != said[j]) for i, j in combinations(range(5), 2)}
    assert found.disagreement == pytest.approx(np.mean(list(shares.values())))
    assert found.disagreement > 0
    assert all(found.between_pairs[pair] == share == found.between_pairs[pair[::-1]] for pair, share in shares.items())
    two = train_ensemble(binary(), QUICK, members=2, workers=1)
    said = two.said(two.task.training_data).outputs.squeeze(2).numpy() > 0
    assert scores(two, two.task.training_data).disagreement == np.mean(said[0] != said[1])


def test_labels_that_are_written_with_a_point_are_labels():
    task = Task(linear, (X, LABELS.astype(float)), test=(X, LABELS.astype(float)), loss="cross_entropy")
    together = train_ensemble(task, QUICK, members=2, workers=1)
    said = together.said(task.training_data).outputs.argmax(2).numpy()
    assert scores(together, task.training_data).disagreement == np.mean(said[0] != said[1])


def test_members_that_are_the_same_differ_by_nothing():
    one = Member(linear().state_dict())
    same = Ensemble(labels(model=linear), [one, one])
    found = scores(same, same.task.training_data)
    assert (found.disagreement, found.gain.mean) == (0, 0)
    assert found.proper_gain.mean == pytest.approx(0, abs=1e-7)
    assert disagreement(between_pairs(np.array([[1, 2]])), numbers=False) == 0  # one member


def test_the_test_set_is_read_once_for_all_of_them(five):
    task = five.task
    scores(five)
    (read,) = ledger.reads(task.test_data.fingerprint())
    assert (read.study, read.runs) == ("ravine.ensemble", 6)
    scores(five, task.training_data)
    assert len(ledger.reads(task.test_data.fingerprint())) == 1


def test_training_members_reads_no_test_set(five):
    train_ensemble(five.task, QUICK, members=1, workers=1)
    assert ledger.reads(five.task.test_data.fingerprint()) == []


def convolutional(width: int = 2) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.Flatten(), nn.Linear(16 * width, 2))


def test_cost_is_counted_in_training_and_inference():
    pictures = torch.randn(20, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    task = Task(convolutional, (pictures, (pictures.mean((1, 2, 3)) > 0).long()), test=(pictures, torch.arange(20) % 2))
    members = [
        Member(convolutional(width).state_dict(), arguments={"width": width}, evaluations=10 * width)
        for width in (2, 5)
    ]
    cost = cost_of(Ensemble(task, members, spent=7))
    by_hand = [2 * (16 * 9 * width + 16 * width * 2) for width in (2, 5)]  # a product and a sum each
    assert (cost.evaluations, cost.passes, list(cost.flops)) == (77, 2, by_hand)
    assert cost.numbers == sum(10 * width + 16 * width * 2 + 2 for width in (2, 5))
    assert str(cost).endswith(f"an example costs 2 forward passes, {sum(by_hand)} floating-point operations.")


def test_fewer_members_are_scored_by_the_mean_over_all_choices_of_them(five):
    found = scores(five, five.task.training_data).by_members
    said = five.said(five.task.training_data).outputs.double().softmax(2).numpy()
    true = five.task.training_data.targets.numpy()
    for size in range(1, 6):
        chosen = [said[list(some)].mean(0) for some in combinations(range(5), size)]
        expected = np.mean([log_loss(true, one) for one in chosen])
        assert found.log_loss[size - 1] == pytest.approx(expected, rel=1e-5)
    assert found.passes.tolist() == [1, 2, 3, 4, 5]
    assert found.flops.tolist() == [24 * passes for passes in range(1, 6)]
    losses = found.log_loss.tolist()
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(losses))  # Jensen, on average over choices


def test_many_choices_are_sampled_alike_each_time():
    assert choices(12, 6) == choices(12, 6)
    assert len(choices(12, 6)) == 32
    assert len(choices(8, 2)) == 28
    assert all(len(set(some)) == 6 for some in choices(12, 6))


def test_boosted_members_are_scored_in_their_order():
    task = numbers()
    together = boost(task, QUICK, members=3)
    found = scores(together, task.training_data)
    assert found.beside == "first member"
    outputs = [together.first(k).outputs(task.training_data).squeeze(1) for k in (1, 2, 3)]
    expected = [mean_squared_error(NUMBERS, one) for one in outputs]
    assert found.by_members.squared_error.tolist() == pytest.approx(expected, rel=1e-5)
    alone = together.alone(0, task.training_data).squeeze(1) + float(together.start)
    assert found.member_propers[0] == pytest.approx(mean_squared_error(NUMBERS, alone), rel=1e-5)
    assert found.proper_gain.mean == pytest.approx(found.member_propers[0] - found.proper, rel=1e-5)


def test_ensembles_are_compared_at_equal_cost_of_inference(five):
    task = five.task
    wide = Ensemble(task, five.members[3:4])
    found = compared({"five": five, "one": wide}, task.training_data)
    assert found.index.tolist() == ["five", "one"]
    assert found.flops.tolist() == [24, 24]  # what the cheaper one costs in full
    assert found.passes.tolist() == [1, 1]
    assert found.evaluations.tolist() == [100, 100]
    assert found.log_loss["five"] == pytest.approx(scores(five.first(1), task.training_data).proper)
    more = compared({"five": five, "one": wide}, task.training_data, flops=80)
    assert (more.passes.tolist(), more.flops.tolist()) == ([3, 1], [72, 24])


def test_what_cannot_be_compared_is_told(five):
    for make, sentence in [
        (lambda: compared({}), "compared(...) needs ensembles of one task"),
        (lambda: compared({"five": five, "other": boost(numbers(), QUICK, members=1)}), "needs ensembles of one task"),
        (lambda: compared({"five": five}, flops=23), "not one member of 'five' fits into 23 flops: it takes 24."),
    ]:
        with pytest.raises(RavineError) as refused:
            make()
        assert sentence in str(refused.value)


def test_a_report_says_it_all_in_a_few_lines(five):
    together = Ensemble(five.task, five.members, notes=("Member 7 has no say. Diverged.",), spent=50)
    told = str(scores(together, five.task.training_data)).splitlines()
    assert told[0].split() == ["accuracy", "log_loss"]
    assert [line.split()[0] for line in told[1:7]] == ["ensemble", *["member"] * 5]
    assert told[7].startswith("Gain over the mean member: accuracy ")
    assert told[8].startswith("Disagreement of two members: 0.")
    assert told[9].startswith("Training cost 550 gradient evaluations; an example costs 5 forward passes, 120 ")
    assert told[10:] == ["Member 7 has no say. Diverged."]
