"""A verdict in two sentences."""

from collections.abc import Callable, Sequence

from .judge import Verdict

NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def sentences(verdict: Verdict, measure: str, leader: str, show: Callable[[float], str]) -> list[str]:
    """Says what a verdict shows.

    Args:
        verdict: The verdict.
        measure: What was measured, in words.
        leader: The method that cross-validation chose.
        show: Writes a score.

    Returns:
        Two sentences: who leads with what score, and whom that can be told from.
    """
    first = verdict.of(leader)
    others = [method.name for method in verdict.methods if method.name != leader]
    opening = (
        f"{leader} generalizes best in cross-validation, and its expected test {measure} is {show(first.mean)} "
        f"({show(first.low)} to {show(first.high)})."
    )
    if not others:
        return [opening, "There is nothing to compare it with."]
    by = {word: [name for name in others if verdict.conclusion(leader, name) == word] for word in ("better", "worse", "equal")}
    open_ = [name for name in others if name not in sum(by.values(), [])]
    clauses = [
        *([f"it is better than {_listed(by['better'])}"] if by["better"] else []),
        *([f"worse than {_listed(by['worse'])}"] if by["worse"] else []),
        *([f"equal for your purpose to {_listed(by['equal'])}"] if by["equal"] else []),
    ]
    undecided = f"{_counted(len(open_), len(others))} cannot be told from it" if open_ else ""
    said = "; ".join([*([", ".join(clauses)] if clauses else []), *([undecided] if undecided else [])])
    best = max(verdict.methods, key=lambda method: method.p_best)
    sure = f"the best expected score is most likely {best.name}'s, with probability {best.p_best:.0%}"
    return [opening, f"{said[0].upper()}{said[1:]} on {verdict.examples} test examples and {verdict.seeds} seeds; {sure}."]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _counted(count: int, of: int) -> str:
    word = NUMBERS[count] if count < len(NUMBERS) else str(count)
    if count == of:
        return "the other method" if of == 1 else f"all {NUMBERS[of] if of < len(NUMBERS) else of} others"
    return f"{word} of the {NUMBERS[of] if of < len(NUMBERS) else of} others"
