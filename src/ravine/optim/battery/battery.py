"""The common battery: what must hold of every rule, looked at on recorded gradients, one finding per question."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ...engines.choice import ENGINES
from ...errors import RavineError
from ...rules import Rule
from . import by_engine, of_rule
from .subject import Finding, Subject, sentence


def battery(
    rule: Rule,
    names: Mapping[str, Any],
    engine: str = "auto",
    beginning: Callable[[str], object] = lambda about: None,  # noqa: ARG005 - its argument is what others want
) -> Iterator[tuple[str, Finding]]:
    """Asks of a rule what must hold of every one; of a rule that cannot step at all nothing more than that.

    Nothing is raised for a fault of the rule's: that is a finding. What is Ravine's own fault is raised.

    Args:
        rule: The rule.
        names: What its text may name: its own class, and all that may stand in it.
        engine: Which engine is asked beside the plain one; "auto" for every one.
        beginning: Is told what a question is about before it is asked, since compiling takes its time.

    Yields:
        What the question is about in a word or two, and the finding.

    >>> from ravine.rules import SGD
    >>> for about, finding in battery(SGD(), {"SGD": SGD}, engine="plain"):
    ...     print(f"{about}: {finding.outcome}")
    plain: held
    dtypes: held
    resume: held
    recompilation: not run
    fields: held
    p.grad: held
    text: held
    NaN: held
    """
    subject = Subject(rule, names)

    def asked(about: str, question: Callable[[Subject], Finding]) -> tuple[str, Finding]:
        beginning(about)
        try:
            return about, question(subject)
        except RavineError as refusal:
            return about, Finding("failed", str(refusal))
        except Exception as error:  # the rule is somebody else's, and may raise anything
            told = sentence(rule, error)
            if told is None:
                raise
            return about, Finding("failed", told)

    first = asked("plain", by_engine.plain)
    yield first
    if first[1].outcome == "failed":
        return
    for other in _others(engine):
        yield asked(other, partial(by_engine.compiled, engine=other, asked=engine == other))
    for about, question in QUESTIONS.items():
        yield asked(about, question)


QUESTIONS: Mapping[str, Callable[[Subject], Finding]] = {
    "dtypes": of_rule.dtypes,
    "resume": of_rule.resume,
    "recompilation": by_engine.recompilation,
    "fields": of_rule.fields,
    "p.grad": of_rule.gradient,
    "text": of_rule.written,
    "NaN": by_engine.not_a_number,
}
"""What is asked after the engines, by what it is about."""


def _others(engine: str) -> list[str]:
    if engine == "auto":
        return [known for known in ENGINES if known not in ("auto", "plain")]
    return [] if engine == "plain" else [engine]
