"""Functions are called with the same care as parts."""

import pytest

from ravine.errors import RavineError
from ravine.text import read


def blend(first, second=2, *, share=0.5):
    return (first, second, share)


def grumble(reason):
    raise RavineError(f"no: {reason}")


@pytest.mark.parametrize(
    ("text", "value"),
    [("blend(1)", (1, 2, 0.5)), ("blend(1, 3, share=0.1)", (1, 3, 0.1)), ("blend(second=1, first=0)", (0, 1, 0.5))],
)
def test_a_function_gets_what_was_typed(text, value):
    assert read(text, {"blend": blend}) == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("blend()", "blend(...): first is missing."),
        ("blend(1, first=2)", "blend(...): first is given twice, as 1 and as 2."),
        ("blend(1, shara=2)", "blend has no field 'shara'. Did you mean 'share'? Its fields: first, second, share."),
        ("blend(1, 2, 3, 4)", "blend takes at most 2 values by position, got 4. Its fields: first, second, share."),
        ("blend(1, 2, 3)", "blend takes at most 2 values by position, got 3. Its fields: first, second, share."),
        ("grumble('why')", "no: why"),
    ],
)
def test_a_mistake_is_told_in_one_line(text, sentence):
    with pytest.raises(RavineError) as caught:
        read(text, {"blend": blend, "grumble": grumble})
    assert str(caught.value) == sentence
