"""A text reads as what it says, or is refused in one line; nothing is ever evaluated."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.fields import field
from ravine.part import Part
from ravine.ranges import choice, log
from ravine.rules import SGD, Adam, Clip
from ravine.schedules import Product, cosine, linear, warmup
from ravine.text import read, write

from .known import NAMES, rules


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("1", 1),
        ("-1e-3", -0.001),
        ("0x10", 16),
        ("1_000", 1000),
        ("'stored'", "stored"),
        ("'two ' 'halves'", "two halves"),
        (r"'C:\data\é'", "C:\\data\\é"),
        ("None", None),
        ("(True, False)", (True, False)),
        ("1, 2", (1, 2)),
        ("[1, [2]]", (1, (2,))),
        ("()", ()),
        ("{'width': 16, 3: None}", {"width": 16, 3: None}),
        ("Adam", Adam),
        ("choice((SGD, Adam))", choice((SGD, Adam))),
        ("choice([16, 32])", choice((16, 32))),
        (" Adam( lr = 0.1,\n ) ", Adam(lr=0.1)),
        ("Adam(0.1, 0.8)", Adam(lr=0.1, beta1=0.8)),
        ("Adam(lr=log(1e-4,1e-1))", Adam(lr=log(1e-4, 1e-1))),
        ("Clip(rule=SGD(), norm=1)", Clip(SGD(), norm=1)),
        ("warmup(0.05).then(cosine(1e-3))", warmup(0.05).then(cosine(1e-3))),
        ("cosine(1.).then(following=linear(1.), at=.5)", cosine(1.0).then(linear(1.0), at=0.5)),
        ("2 * cosine(1.0) * linear(1.0)", Product(Product(2, cosine(1.0)), linear(1.0))),
        ("2 * (cosine(1.0) * linear(1.0))", Product(2, Product(cosine(1.0), linear(1.0)))),
        ("-0.5 * cosine(1.0)", Product(-0.5, cosine(1.0))),
        ("(2 * cosine(1.0)).then(linear(1.0), 0.5)", (2 * cosine(1.0)).then(linear(1.0), at=0.5)),
    ],
)
def test_a_text_is_what_it_says(text, thing):
    found = read(text, NAMES)
    assert found == thing
    assert type(found) is type(thing)


def test_names_are_what_the_caller_says():
    assert read("adam(lr=1)", {"adam": Adam}) == Adam(lr=1)
    with pytest.raises(RavineError, match="nothing is called 'adam'"):
        read("adam(lr=1)", {"sgd": SGD})


class Fragile(Part):
    size: float = field(1.0, "size")

    def __post_init__(self) -> None:
        raise ZeroDivisionError("this class\nnever works")


READ = "only numbers, strings, tuples, calls, .then(...) and * are read, and nothing is evaluated."
MULTIPLIED = "* multiplies a schedule by a number, a range or another schedule."
ADAMS = "Its fields: lr, beta1, beta2, eps, eps_inside, bias_correction, amsgrad."

TOLD = [
    ("", "Cannot read an empty text."),
    ("  \n", "Cannot read an empty text."),
    ("adm(lr=1)", "Cannot read 'adm' in 'adm(lr=1)': nothing is called 'adm'. Did you mean 'Adam'?"),
    ("qqq", "Cannot read 'qqq': nothing is called 'qqq'."),
    ("Adam(lr=", "Cannot read 'Adam(lr=': '(' was never closed, at character 5."),
    ("Adam(lr==1)", f"Cannot read 'lr==1' in 'Adam(lr==1)': {READ}"),
    ("2 * 3", f"Cannot read '2 * 3': {MULTIPLIED}"),
    ("cosine * 2", f"Cannot read 'cosine * 2': {MULTIPLIED}"),
    ("cosine(1.0) * 'a'", f"Cannot read \"cosine(1.0) * 'a'\": {MULTIPLIED}"),
    ("Adam(lr=nan)", "Cannot read 'nan' in 'Adam(lr=nan)': numbers must be finite."),
    ("Infinity", "Cannot read 'Infinity': numbers must be finite."),
    ("1e999", "Cannot read '1e999': numbers must be finite."),
    ("-1e999", "Cannot read '1e999' in '-1e999': numbers must be finite."),
    ("1" * 400, f"Cannot read '{'1' * 60} ... {'1' * 30}': numbers must be finite."),
    ("3j", f"Cannot read '3j': {READ}"),
    ("b'a'", f"Cannot read \"b'a'\": {READ}"),
    ("...", f"Cannot read '...': {READ}"),
    ("a.b.c", f"Cannot read 'a.b.c': {READ}"),
    ("Adam(*x)", "Cannot read '*x' in 'Adam(*x)': arguments are written out one by one."),
    ("Adam(**x)", "Cannot read 'x' in 'Adam(**x)': arguments are written out one by one."),
    ("{**{}}", "Cannot read '{**{}}': a key must be a string or a number."),
    ("{(1,): 1}", "Cannot read '(1,)' in '{(1,): 1}': a key must be a string or a number."),
    ("{None: 1}", "Cannot read 'None' in '{None: 1}': a key must be a string or a number."),
    ("{1: 1, 1: 2}", "Cannot read '1' in '{1: 1, 1: 2}': this key is given twice."),
    ("Adam().then(1)", "Cannot read 'Adam()' in 'Adam().then(1)': only a schedule can be followed by .then(...)."),
    ("3(1)", "Cannot read '3' in '3(1)': only a name such as Adam can be called, and only .then may follow a dot."),
    ("Adam(lr=0.1, lr=0.2)", "Adam(...): lr is given twice, as 0.1 and as 0.2."),
    ("Adam(0.1, lr=0.2)", "Adam(...): lr is given twice, as 0.1 and as 0.2."),
    ("Adam(1, 2, 3, 4, 5, 6, 7, 8)", f"Adam takes at most 7 values by position, got 8. {ADAMS}"),
    ("SGD(learning_rate=0.1)", "SGD has no field 'learning_rate'. Did you mean 'lr'? Its fields: lr."),
    ("Adam(momentum=0.1)", f"Adam has no field 'momentum'. Did you mean 'beta1'? {ADAMS}"),
    ("Adam(decay_rate=0.1)", f"Adam has no field 'decay_rate'. Did you mean 'beta1' or 'beta2'? {ADAMS}"),
    ("Adam(ALPH=0.1)", f"Adam has no field 'ALPH'. Did you mean 'lr' or 'beta2'? {ADAMS}"),
    ("cosine(0.1, qqq=2)", "cosine has no field 'qqq'. Its fields: start, end."),
    ("cosine()", "cosine(...): start is missing, the value at t = 0."),
    ("cosine(0.1).then()", "then(...): following is missing."),
    ("Adam(eps=-1)", ("Adam(eps=-1): eps must be at least 0, got -1 (eps is the floor under the root, in units of the "
                     "gradient (of its square where inside)).")),
    ("Clip(SGD, norm=1)", "Clip(rule=SGD): rule must be a rule, got SGD. Write SGD(...) for one of them."),
    ("Fragile(size=2)", "Fragile(...) could not be made: ZeroDivisionError: this class never works."),
    ("x\0y", "Cannot read 'x\\x00y': source code string cannot contain null bytes."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), TOLD, ids=[text[:30] for text, _ in TOLD])
def test_a_mistake_is_told_in_one_line(text, sentence):
    with pytest.raises(RavineError) as caught:
        read(text, NAMES | {"Fragile": Fragile})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__[0].__subclasses__()",
        "Adam.__init__.__globals__",
        "cosine(0.1).__class__(0.2)",
        "warmup(0.1).then.__self__",
        "lambda: 0",
        "[x for x in (1, 2)]",
        "(x := 1)",
        "1 if 2 else 3",
        "f'{Adam}'",
        "await x",
        "1 + 1",
        "2 ** 9",
        "not 1",
        "+1",
        "~1",
        "-True",
        "-'a'",
        "-Adam()",
        "'ab'[0]",
        "{1, 2}",
        "1 < 2",
        "Adam; SGD",
        "import os",
        "x = 1",
        "open('/etc/passwd')",
        "eval('1')",
    ],
)
def test_nothing_is_evaluated(text):
    with pytest.raises(RavineError, match=r"^Cannot read .*\.$"):
        read(text, NAMES)


TOKENS = [*NAMES, "then", "lr", "x", ".then(", "(", ")", "[", "]", "{", "}", ",", ".", "=", "*", "-", ":", "1", "0.5",
          "1e9", "'a'", '"', "'", "\\", " ", "\n", "#", "None", "lambda", "é", "\0", "*x", "**", "07"]  # fmt: skip


@st.composite
def damaged(draw) -> str:
    """The text of a rule with a few characters taken out, put in or doubled."""
    text = write(draw(rules()))
    for _ in range(draw(st.integers(1, 3))):
        i, j = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        text = text[:i] + draw(st.sampled_from(["", text[i:j] * 2, *TOKENS])) + text[j:]
    return text


ANY_TEXT = st.text() | st.lists(st.sampled_from(TOKENS)).map("".join) | damaged()


@given(ANY_TEXT)
@example("\ud800")
@example("'\\N{oops}'")
@example("'\\d'")
@example("1or 2")
@example("0_0e9_9")
def test_any_text_reads_or_is_refused_in_one_line(text):
    try:
        read(text, NAMES)
    except RavineError as error:
        told = str(error)
    else:
        told = ""
    assert "\n" not in told
    assert len(told) < 2000


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "-" * 9000 + "1",
        "[" * 150 + "]" * 150,
        "Clip(" * 1000,
        "cosine(1.0)" + " * cosine(1.0)" * 500,
        "cosine(1.0)" + ".then(cosine(1.0), at=0.5)" * 300,
        "a" + ".b" * 4000,
        "9" * 5000,
        "1," * 5001,
    ],
    ids=lambda text: text[:12],
)
def test_what_is_too_long_or_too_deep_is_refused(text):
    with pytest.raises(RavineError, match=r"^Cannot read [^\n]{1,400}\.$"):
        read(text, NAMES)


def test_what_is_long_but_not_too_long_is_read():
    product = cosine(1.0)
    for _ in range(80):
        product = product * linear(1.0)
    assert read(write(product), NAMES) == product
    assert read(write(tuple(range(1000))), NAMES) == tuple(range(1000))
