"""Letters: how mathematics writes the names of a rule's fields and variables."""

import re

LETTERS = {
    "lr": r"\alpha",
    "momentum": r"\rho",
    "weight_decay": r"\lambda",
    "eps": r"\epsilon",
    "l1": r"\lambda_1",
    "l2": r"\lambda_2",
    "norm": "c",
    "value": "c",
    "decay": r"\delta",
    "start": "t_0",
    "mean": r"\bar p",
    "dampening": r"\tau",
    "momentum_decay": r"\psi",
    "trust": r"\eta",
    "steps": "k",
    "radius": "R",
    "std": r"\sigma_p",
}
"""What is written for names that are words; other words stand upright."""

GREEK = {
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
}
GREEK |= {"pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"}
INDICES = {"max": r"\max", "min": r"\min", "inf": r"\infty", "next": "+", "product": r"\Pi"}
ACCENTS = ("hat", "bar", "tilde", "dot")


def letter(name: str) -> str:
    r"""Writes a name as mathematics does.

    Args:
        name: A field or a variable.

    Returns:
        LaTeX.

    >>> letter("m_hat"), letter("beta1"), letter("v_max"), letter("scale")
    ('\\hat m', '\\beta_1', 'v_{\\max}', '\\mathrm{scale}')
    """
    if name in LETTERS:
        return LETTERS[name]
    first, *rest = name.split("_")
    stem, digits = re.fullmatch(r"(.*?)(\d*)", first).groups()  # pyright: ignore[reportOptionalMemberAccess] - always matches
    written = rf"\{stem}" if stem in GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    accents = [part for part in rest if part in ACCENTS]
    below = [digits] * bool(digits) + [_index(part) for part in rest if part and part not in ACCENTS]
    for accent in accents:
        written = rf"\{accent} {written}"
    if not below:
        return written
    index = ", ".join(below)
    return f"{written}_{braced(index)}"


def _index(part: str) -> str:
    return part if part.isdigit() else INDICES.get(part) or letter(part)


def is_word(name: str) -> bool:
    """Tells whether a name is a word and no letter, so that what it stands for reads better than its name.

    Args:
        name: A variable.

    Returns:
        Whether it would stand upright.
    """
    return r"\mathrm" in letter(name) or name in LETTERS


def braced(text: str) -> str:
    """Puts what LaTeX sets high or low in braces, if it is more than one sign.

    Args:
        text: LaTeX.

    Returns:
        LaTeX.
    """
    return text if len(text) == 1 else f"{{{text}}}"
