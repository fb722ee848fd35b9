"""The names that texts of these tests may call, and parts of every kind to write and read back."""

from hypothesis import reject
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.fields import Meaning
from ravine.part import meanings
from ravine.ranges import RANGES, choice, log, near_one, uniform
from ravine.rules import RULES, Rule
from ravine.schedules import LENGTHS, SCHEDULES, constant, cosine, epochs, linear, multistep, per_epoch, steps, warmup

NAMES = RULES | RANGES | SCHEDULES | LENGTHS

FRACTIONS = st.floats(0.01, 0.99)
LENGTH = FRACTIONS | st.builds(epochs, st.integers(0, 9)) | st.builds(steps, st.integers(0, 99))


def numbers(known: Meaning) -> st.SearchStrategy:
    """Numbers that a field may hold."""
    assert known.interval is not None
    low, high = max(known.interval.low, -1e9), min(known.interval.high, 1e9)
    if known.whole:
        return st.integers(int(low), int(high))
    return st.floats(low, high, exclude_min=low in (known.interval.low,) and known.interval.low_open,
                     exclude_max=high in (known.interval.high,) and known.interval.high_open)  # fmt: skip


@st.composite
def spreads(draw, number: st.SearchStrategy):
    """Ranges whose ends a field may hold."""
    low, high = sorted(draw(st.lists(number, min_size=2, max_size=2, unique=True)))
    kinds = [uniform, lambda *ends: choice(ends)] + [log] * (low > 0) + [near_one] * (high < 1)
    return draw(st.sampled_from(kinds))(low, high)


@st.composite
def schedules(draw, number: st.SearchStrategy):
    """Schedules whose numbers a field may hold."""
    single = st.one_of(
        st.builds(constant, number),
        st.builds(linear, number, number),
        st.builds(cosine, number | spreads(number)),
        st.builds(multistep, number, st.tuples(LENGTH, LENGTH)),
        st.builds(per_epoch, st.builds(cosine, number)),
    )
    joined = st.one_of(
        single,
        st.builds(lambda a, b, at: a.then(b, at=at), single, single, LENGTH),
        st.builds(lambda n, a: warmup(n).then(a), LENGTH, single),
        st.builds(lambda f, a: f * a, FRACTIONS, single),
        st.builds(lambda a, b: a * b, single, single),
    )
    return draw(st.one_of(joined, st.builds(lambda a, b: (a * b).then(a, at=0.9) * b, joined, joined)))


def values(known: Meaning) -> st.SearchStrategy:
    """What a field may hold."""
    if known.among is not None:
        return st.sampled_from(known.among)
    number = numbers(known)
    if known.whole:
        return number
    return number | spreads(number) | schedules(number)


@st.composite
def rules(draw) -> Rule:
    """A rule with any of its fields filled, perhaps in wrappers."""
    kind = draw(st.sampled_from(list(RULES.values())))
    fields = {name: known for name, known in meanings(kind).items() if known.interval or known.among}
    chosen = draw(st.sets(st.sampled_from(list(fields)), max_size=3)) if fields else set()
    inside = tuple(draw(rules()) for name in ("rule", "others") if name in meanings(kind))
    try:
        return kind(*inside, **{name: draw(values(fields[name])) for name in fields if name in chosen})
    except RavineError:
        reject()  # fields that exclude each other
