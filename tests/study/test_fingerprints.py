"""Fingerprints: every rule that a contender holds is seen, however deep."""

from ravine.recipe import Recipe
from ravine.rules import SGD, Adam, Average, Clip, Muon, Rule, Split
from ravine.study.contenders import Contender
from ravine.study.fingerprints import kinds, own_rules


class Half(Rule):
    """Half a step."""

    def update(self, p, g):
        return p - g / 2


def test_both_rules_of_a_split_are_seen_and_all_that_stand_in_them():
    rule = Average(Split(Muon(), Clip(Half(), norm=1.0)))
    assert list(kinds(rule)) == [Average, Split, Muon, Clip, Half]
    assert list(kinds(SGD())) == [SGD]
    assert own_rules([Contender("one", Recipe(Adam())), Contender("two", Recipe(rule))]) == [Half]
