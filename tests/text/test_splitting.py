"""Lists are split where a person sees a comma between items."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.text import read_list, write

from .known import rules

ITEMS = st.one_of(
    rules().map(write),
    st.text(min_size=1).map(write),
    st.sampled_from(
        [
            "sgd",
            "adam",
            "mine.py:MyRule",
            "it's.py:Rule",
            "(1, 2)",
            "{'a': [1, ')']}",
            '"a,\\"b"',
            "a[1,2]",
            "f('\\'),(')",
        ]
    ),
)


@given(st.lists(ITEMS, min_size=1), st.sampled_from([",", ", ", " ,"]))
def test_items_come_back(items, comma):
    assert read_list(comma.join(items)) == tuple(items)


def test_the_list_of_the_command_line():
    assert read_list("sgd,adam,Adam(lr=log(1e-4,1e-1)),mine.py:MyRule") == (
        "sgd", "adam", "Adam(lr=log(1e-4,1e-1))", "mine.py:MyRule",
    )  # fmt: skip


@given(st.text(alphabet="a,()[]{}'\"\\ \n"))
def test_any_text_splits_or_is_refused_and_nothing_is_lost(text):
    try:
        told = "".join(",".join(read_list(text)).split())
    except RavineError as error:
        told = str(error)
    assert told == "".join(text.split()) or re.fullmatch(r"Cannot read [^\n]*\.", told)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Cannot read '': item 1 of the list is empty."),
        ("sgd,,adam", "Cannot read 'sgd,,adam': item 2 of the list is empty."),
        ("sgd,adam,", "Cannot read 'sgd,adam,': item 3 of the list is empty."),
        ("Adam(lr=0.1", "Cannot read 'Adam(lr=0.1': '(' at character 5 is not closed."),
        ("Adam(f([1)", "Cannot read 'Adam(f([1)': ')' at character 10 closes '[' at character 8."),
        ("sgd)", "Cannot read 'sgd)': ')' at character 4 closes nothing."),
        ("sgd,'adam", 'Cannot read "sgd,\'adam": "\'" at character 5 is not closed.'),
        ("f('a\\", 'Cannot read "f(\'a\\\\": "\'" at character 3 is not closed.'),
    ],
)
def test_what_is_no_list_is_told_in_one_line(text, sentence):
    with pytest.raises(RavineError) as caught:
        read_list(text)
    assert str(caught.value) == sentence
