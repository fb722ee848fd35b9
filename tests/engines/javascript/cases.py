"""What the tests of the JavaScript engine share: every rule that it prints, and a page with all of them."""

from collections.abc import Sequence
from typing import Any

import torch

from ravine.part import look_up, meanings, substitute
from ravine.ranges import Range
from ravine.rules import (
    LAMB,
    LARS,
    SAM,
    Adagrad,
    Adam,
    AdamW,
    Average,
    ByDepth,
    Clip,
    Decay,
    Lion,
    Maximize,
    Momentum,
    NAdam,
    Nesterov,
    Noise,
    RAdam,
    RMSprop,
    Rule,
    WeightNoise,
    field_names,
    placed,
)

from ...rules.cases import DESCENDING, TWINS

MORE: list[Rule] = [
    AdamW(amsgrad=True, eps_inside=True, bias_correction=False, times_lr=False),
    RMSprop(centered=True, eps_inside=True, momentum=0.9),
    Adagrad(eps_inside=True, lr_decay=0.1),
    Noise(Adam(lr=0.05), eta=0.3, seed=2**53 - 1),
    Noise(Momentum(), eta=0.0),
    WeightNoise(Nesterov(form="look-ahead"), std=0.1, seed=7),
    SAM(Nesterov(form="look-ahead"), radius=0.3, adaptive=True),
    Maximize(SAM(WeightNoise(Momentum(), std=0.1, seed=3), radius=0.3)),
    ByDepth(Momentum(lr=0.1), factor=0.7, depths=(3,)),
    Clip(LARS(lr=5.0, trust=0.1), norm=0.1),
    Clip(LAMB(lr=0.1), norm=0.1, over="each"),
    Clip(NAdam(lr=0.1), value=0.01),
    Average(Decay(RAdam(lr=0.1), l1=0.01, l2=0.01, times_lr=False), start=50),
    Decay(Nesterov(form="look-ahead"), l1=0.01, l2=0.1, through="gradient"),
    Average(Clip(Noise(Decay(Lion(lr=0.01, weight_decay=0.1), l2=0.1), eta=0.1), norm=0.5), decay=0.9),
]


def elsewhere(rule: Rule, u: float) -> Rule:
    """The same rule with every number at a place of the range that it is searched in."""
    found = {}
    for path in field_names(rule).values():
        search = meanings(look_up(rule, path[:-1]))[path[-1]].search
        if isinstance(search, Range):
            found[path] = min(search.at(u), 100)
    return substitute(rule, found)


def _printable(rule: Rule) -> bool:
    return "where='matrices'" not in repr(rule)  # Muon's, who moves nothing else


_ALL = [*DESCENDING, *MORE, *(elsewhere(rule, 0.3) for rule in (*DESCENDING, *MORE)), *(rule for rule, _ in TWINS)]
RULES: Sequence[Rule] = list({repr(rule): placed(rule, [torch.zeros(6)]) for rule in filter(_printable, _ALL)}.values())
"""Every rule and wrapper that moves vectors, in all its forms, each at two settings of its numbers at least."""


class Tab:
    """An empty page in a browser, and everything that it complained of."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.heard: list[str] = []
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))

    def load(self, **lists: Sequence[str]) -> None:
        """Puts lists of expressions into an inline script, by the names of the lists."""
        scripts = [f"const {name} = [" + ",\n".join(each) + "];" for name, each in lists.items()]
        self.page.set_content("<!doctype html><title>page</title><script>" + "\n".join(scripts) + "</script>")
        assert self.heard == []
