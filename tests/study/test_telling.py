import dataclasses

import pytest

from ravine.study.telling import halving, protocol, sentences, warnings

from .test_study import contender, made, run
from .test_summary import RACES, RECORDS, refitted, searched


def test_a_verdict_so_far_is_marked_as_such():
    finished, unfinished = made(RECORDS, races=RACES, looks=(2,)), made(RECORDS, races=RACES)
    assert not any("so far" in line for line in sentences(finished))
    assert any("This is the verdict so far" in line for line in sentences(unfinished))


def test_a_second_look_is_said():
    assert not any("after a look" in line for line in sentences(made(RECORDS, races=RACES, looks=(2,))))
    twice = sentences(made(RECORDS, races=RACES, seeds=8, looks=(2, 4, 8)))
    assert any(line.startswith("Seeds were added 2 times after a look") for line in twice)
    once = sentences(made(RECORDS, races=RACES, seeds=4, looks=(2, 4)))
    assert any(line.startswith("Seeds were added once after a look") for line in once)


@pytest.mark.parametrize(("chosen", "end"), [(0, "smallest"), (3, "largest"), (1, None), (2, None)])
def test_the_edge_of_a_range_is_warned_of(chosen, end):
    races = RACES | {"sgd": {"reached": [2] * 4, "loser": None, "chosen": chosen}}
    found = [line for line in warnings(made(RECORDS, races=races)) if line.startswith("sgd: its best lr")]
    expected = f"sgd: its best lr is the {end} of those tried: the true best may lie beyond log(0.1, 0.4)."
    assert found == ([expected] if end else [])


def test_two_settings_have_nothing_but_edges():
    races = {"sgd": {"reached": [2, 2], "loser": None, "chosen": 0}}
    found = made(searched("sgd", [0.2, 0.1]), [contender("sgd", settings=2)], races)
    assert warnings(found) == []


@pytest.mark.parametrize(("diverged", "warned"), [(2, False), (3, True), (4, True)])
def test_more_than_half_of_the_settings_diverged(diverged, warned):
    records = [
        *searched("sgd", [0.1] * diverged, outcome="diverged"), *searched("sgd", [0.2] * 4)[2 * diverged :],
    ]  # fmt: skip
    found = [line for line in warnings(made(records)) if "of its settings diverged" in line]
    assert found == ([f"sgd: {25 * diverged}% of its settings diverged; its range reaches too far."] if warned else [])


def test_a_refit_that_was_lost_is_named():
    lost = refitted("adam", 0.3, outcome="diverged", sentence="Diverged in epoch 2: it is not finite.")[1]
    records = [*RECORDS[:18], lost]
    assert "adam (tuned, seed 501) counts at chance level. Diverged in epoch 2: it is not finite." in warnings(
        made(records, races=RACES)
    )


def test_runs_of_the_search_that_failed_are_counted_by_their_reason():
    records = [
        run("sgd", "search", setting, fold, fold, 4, outcome="failed", sentence=f"Failed: reason {fold}")
        for setting in range(2)
        for fold in range(2)
    ][:3]
    assert warnings(made(records)) == [
        "sgd: 2 runs of the search failed. Failed: reason 0",
        "sgd: 1 run of the search failed. Failed: reason 1",
    ]


def test_the_protocol_says_who_searches_and_what_that_takes_away():
    assert not any("Without noise" in line for line in protocol(made(RECORDS, races=RACES, looks=(2,))))
    who = [contender("sgd"), contender("adam") | {"searches": True}]
    (line,) = [line for line in protocol(made(RECORDS, who, RACES, looks=(2,))) if "Without noise" in line]
    assert line.startswith("Without noise: adam must search along a function that stays the same, so it is trained on")


def test_the_protocol_says_what_was_done():
    said = " ".join(protocol(made(RECORDS, races=RACES, looks=(2,))))
    for words in ("142 examples to train on and 36 to test", "up to 8 settings each", "Sobol", "4 epochs", "2 folds",
                  "2 fresh seeds", "after 1 and 2 epochs", "mean accuracy", "ties by log loss"):  # fmt: skip
        assert words in said
    assert "Budget" not in said


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], "Contenders: 2, each tuned"),
        (["batch_size"], "Contenders: 2, which differ in batch size, each tuned"),
        (["rule", "batch_size", "keep"], "Contenders: 2, which differ in rule, batch size and keep, each tuned"),
    ],
)
def test_the_protocol_says_what_differs(parts, said):
    known = {"scientific": {part: {"sgd": "1", "adam": "2"} for part in parts}, "nuisance": {}, "fixed": {}}
    assert any(line.startswith(said) for line in protocol(made(RECORDS, races=RACES, roles=known)))
    assert any(line.startswith("Contenders: 2, each tuned") for line in protocol(made(RECORDS, races=RACES)))


def test_the_protocol_says_what_was_done_otherwise():
    one = made(RECORDS, [contender("sgd", rungs=(4,))], RACES)
    options = dataclasses.replace(one.options, search="grid", holdout=0.1, budget=60.0, halving=False)
    said = " ".join(protocol(dataclasses.replace(one, options=options)))
    for words in ("a grid", "one validation part of 10%", "No halving", "60 s were turned into 4 epochs", "by a pilot"):
        assert words in said


def test_what_halving_cost_is_told_by_the_random_loser():
    races = {
        "sgd": {"reached": [2, 2, 0, 1], "loser": 3, "chosen": 1},
        "adam": {"reached": [2, 2, 0, 1], "loser": 2, "chosen": 2},
    }
    records = [
        *searched("sgd", [0.2, 0.6]),
        *searched("sgd", [0, 0, 0.1], until=1)[4:],
        *searched("sgd", [0, 0, 0, 0.5], loser=True)[6:],
        *searched("adam", [0.8, 0.7]),
        *searched("adam", [0, 0, 0.9], loser=True)[4:],
        *searched("adam", [0, 0, 0, 0.1], until=2)[6:],
    ]
    assert halving(made(records, races=races)) == [
        "One setting of each method that halving had dropped was trained to the end: 1 of 2 ended best.",
        "sgd: the random loser ended at 50.0 % and did not beat the best that halving kept, 60.0 %.",
        "adam: the random loser ended at 90.0 % and beat the best that halving kept, 80.0 %.",
    ]
    error = {"name": "squared_error", "higher_is_better": False}
    said = halving(made(records, races=races, metric=error))
    assert "sgd: the random loser ended at 0.500 and did not beat the best that halving kept, 0.200." in said


def test_nothing_was_halved_and_nothing_is_told():
    assert halving(made(RECORDS, races=RACES)) == []
    assert halving(made([])) == []
