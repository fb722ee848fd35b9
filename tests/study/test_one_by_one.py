"""Recipes taken apart: each part alone, and all but each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.data.augment import crop, mixup
from ravine.errors import RavineError
from ravine.layers import dropout
from ravine.recipe import Recipe, early_stopping, plateau
from ravine.rules import SGD, Clip, Decay
from ravine.study.one_by_one import one_by_one

PARTS = {
    "Clip": lambda recipe: {"rule": Clip(recipe.rule, norm=1.0)},
    "Decay": lambda recipe: {"rule": Decay(recipe.rule, l2=0.1)},
    "crop": lambda recipe: {"augmentation": (*recipe.augmentation, crop())},
    "mixup": lambda recipe: {"augmentation": (*recipe.augmentation, mixup())},
    "dropout": lambda _: {"layers": (dropout(0.2),)},
    "early_stopping": lambda _: {"stop": early_stopping()},
    "plateau": lambda _: {"on_plateau": plateau()},
}


def built(names) -> Recipe:
    """A recipe with some parts, added in the order of `PARTS`."""
    recipe = Recipe(SGD(lr=0.1), batch_size=32)
    for name in PARTS:
        if name in names:
            own = {field: getattr(recipe, field) for field in Recipe.__dataclass_fields__}
            recipe = Recipe(**(own | PARTS[name](recipe)))
    return recipe


@given(st.sets(st.sampled_from(list(PARTS)), min_size=2))
def test_each_part_is_added_alone_and_left_out_alone(names):
    found = one_by_one(built(names))
    expected = {"without any": built(()), "with all": built(names)}
    expected |= {f"{name} alone": built({name}) for name in names}
    assert found == expected | {f"all but {name}": built(names - {name}) for name in names}


@given(st.sampled_from(list(PARTS)))
def test_of_one_part_there_is_with_and_without(name):
    assert one_by_one(built({name})) == {f"without {name}": built(()), f"with {name}": built({name})}


def test_two_of_a_kind_are_numbered():
    found = one_by_one(Recipe(SGD(), augmentation=(crop(1), mixup(), crop(2))))
    assert found["all but crop"] == Recipe(SGD(), augmentation=(mixup(), crop(2)))
    assert found["crop 2 alone"] == Recipe(SGD(), augmentation=(crop(2),))


def test_a_recipe_without_parts_is_refused():
    with pytest.raises(RavineError) as refusal:
        one_by_one(Recipe(SGD()))
    assert str(refusal.value) == (
        "--one-by-one: Recipe(SGD()) has no part to add or to leave out; write some, such as "
        "augmentation=(crop(),), layers=(dropout(0.2),) or penalties=(l2(1e-4),)."
    )
