"""Colors are measured the way eyes differ: in OKLab, through three dichromacies, against the paper."""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.minimize.naming import DESCENTS
from ravine.pictures.colors import COLORS, DASHES, KNOWN, LATER, OTHERS, PAPER, SYMBOLS, looks
from ravine.report.markers import SYMBOLS as SHAPES
from ravine.rules import METHODS

# Machado, Oliveira & Fernandes 2009, severity 1: what protan, deutan and tritan eyes make of linear RGB.
SIGHTS = [
    np.eye(3),
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
]
OKABE_ITO = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]


def linear(color: str) -> np.ndarray:
    encoded = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson 2020: https://bottosson.github.io/posts/oklab/"""
    cones = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
             [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
    lab = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
           [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
    return np.array(lab) @ np.cbrt(np.array(cones) @ rgb)


def apart(a: str, b: str) -> float:
    """How far apart two colors are to the eye that tells them apart least."""
    seen = [[oklab(np.clip(np.array(sight) @ linear(color), 0, 1)) for color in (a, b)] for sight in SIGHTS]
    return min(float(np.linalg.norm(one - other)) for one, other in seen)


def contrast(a: str, b: str) -> float:
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("scheme", "least"), [("light", 0.088), ("dark", 0.093)])
def test_the_closest_two_colors_are_further_apart_than_those_of_okabe_and_ito(scheme, least):
    ours = [getattr(color, scheme) for color in COLORS.values()]
    closest = min(apart(a, b) for a, b in combinations(ours, 2))
    assert closest > min(apart(a, b) for a, b in combinations(OKABE_ITO, 2))
    assert math.floor(1000 * closest) / 1000 == least


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_color_stands_out_from_its_paper(scheme):
    assert min(contrast(getattr(color, scheme), PAPER[scheme]) for color in COLORS.values()) >= 3


def test_the_eight_and_yours_look_the_same_in_every_study():
    alone = {name: looks([name])[name] for name in KNOWN}
    assert looks(KNOWN) == alone == KNOWN
    assert len({look.color for look in KNOWN.values()}) == len(KNOWN)
    assert len({look.symbol for look in KNOWN.values()}) == len(KNOWN)


def test_every_method_that_is_watched_or_compared_has_a_look_of_its_own():
    known = KNOWN | LATER
    searching = {name for name, descent in DESCENTS.items() if descent.needs != "residuals"}
    assert set(known) == {"yours", *METHODS} | searching
    assert looks(known) == {name: looks([name])[name] for name in known} == known
    assert len({(look.color, look.dash) for look in known.values()}) == len(known)
    assert len({(look.color, look.symbol) for look in known.values()}) == len(known)
    assert {look.symbol for look in LATER.values()} <= set(SYMBOLS)
    for together in (METHODS, searching):
        assert len({known[name].symbol for name in together}) == len(together)
    assert len({known[name].color for name in searching}) == len(searching)


NAMES = st.lists(st.one_of(st.sampled_from(sorted(KNOWN | LATER)), st.text(max_size=12)), unique=True, max_size=30)


@given(NAMES)
def test_no_two_methods_of_a_study_look_the_same(names):
    given = looks(names)
    pairs = [(look.color, look.dash) for look in given.values()]
    assert len(set(pairs)) == len(pairs)
    assert list(given) == names


@given(NAMES, st.randoms(use_true_random=False))
def test_a_look_does_not_depend_on_the_order_of_methods(names, random):
    shuffled = random.sample(names, len(names))
    assert looks(names) == looks(shuffled)


FAMILIES = st.dictionaries(st.text(min_size=3, max_size=12), st.sampled_from(sorted(KNOWN | LATER)), max_size=12)


@given(FAMILIES, st.lists(st.sampled_from(sorted(KNOWN | LATER)), unique=True), st.randoms(use_true_random=False))
def test_a_variant_wears_the_color_of_its_method_in_any_company(families, named, random):
    known = KNOWN | LATER
    names = [*named, *(name for name in families if name.lower() not in known)]
    given = looks(names, families)
    for name in names:
        assert given[name].color == known[name if name in known else families[name]].color
    assert {name: given[name] for name in named} == {name: known[name] for name in named}
    assert given == looks(random.sample(names, len(names)), families)
    for family, members in Counter(families.get(name, name) for name in names).items():
        each = [given[name] for name in names if families.get(name, name) == family]
        assert members > 4 or len({look.symbol for look in each}) == members
        assert known[family] in each  # the first of them looks as it does when it is alone


def test_of_one_method_up_to_four_have_dashes_and_markers_of_their_own():
    families = dict.fromkeys(["SGD(lr=0.1)", "Clip(SGD(), norm=1)", "SAM(SGD())"], "sgd")
    given = looks(["sgd", *families], families)
    assert given["sgd"] == KNOWN["sgd"]
    assert {look.color for look in given.values()} == {COLORS["gray"]}
    assert {look.dash for look in given.values()} == set(DASHES)
    assert len({look.symbol for look in given.values()}) == 4


def test_a_variant_leaves_the_look_of_a_named_method_free_while_there_are_others():
    families = dict.fromkeys(["Newton(safeguard=None)", "Newton(least=0.1)"], "newton")
    pairs = {(look.color, look.dash) for look in looks(["newton", *families], families).values()}
    assert (LATER["radam"].color, LATER["radam"].dash) not in pairs
    assert len(pairs) == 3


def test_more_methods_than_looks_still_get_one():
    names = [f"method {number}" for number in range(60)]
    assert len(set(looks(names).values())) >= len(OTHERS) * len(DASHES) // 2
    assert looks(names).keys() == set(names)


def test_every_marker_has_a_shape_for_tables():
    assert {look.symbol for look in KNOWN.values()} | set(SYMBOLS) == set(SHAPES)
