"""Equations: read back as numbers they are the rule, and a reader sees what a textbook has."""

import importlib.util
import textwrap
from xml.etree import ElementTree

import pytest
import torch

from ravine.engines.latex import equations, letters, mathml
from ravine.engines.latex.letters import letter
from ravine.part import look_up
from ravine.ranges import choice
from ravine.rules import (
    METHODS,
    SAM,
    SGD,
    Adam,
    AdamW,
    Average,
    Clip,
    Decay,
    Maximize,
    Momentum,
    Muon,
    Nesterov,
    Noise,
    RMSprop,
    Split,
    WeightNoise,
    counter,
    gradient_of,
    weight_noise,
)

from ...rules.cases import DESCENDING, begun
from .reading import assign

BOOK = {
    "sgd": [r"p \leftarrow p - \alpha g"],
    "momentum": [r"v \leftarrow \rho v + g", r"p \leftarrow p - \alpha v"],
    "nesterov": [r"v \leftarrow \rho v + g", r"p \leftarrow p - \alpha (g + \rho v)"],
    "adagrad": [r"s \leftarrow s + g^2", r"p \leftarrow p - \alpha \frac{g}{\sqrt{s} + \epsilon}"],
    "adadelta": [
        r"v \leftarrow \rho v + (1 - \rho) g^2",
        r"d \leftarrow \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}} g",
        r"u \leftarrow \rho u + (1 - \rho) d^2",
        r"p \leftarrow p - \alpha d",
    ],
    "rmsprop": [
        r"v \leftarrow \beta v + (1 - \beta) g^2",
        r"p \leftarrow p - \alpha \frac{g}{\sqrt{v} + \epsilon}",
    ],
    "adam": [
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g",
        r"v \leftarrow \beta_2 v + (1 - \beta_2) g^2",
        r"\hat m \leftarrow \frac{m}{1 - \beta_1^t}",
        r"\hat v \leftarrow \frac{v}{1 - \beta_2^t}",
        r"p \leftarrow p - \alpha \frac{\hat m}{\sqrt{\hat v} + \epsilon}",
    ],
}
BOOK["adamax"] = [
    BOOK["adam"][0],
    r"u \leftarrow \max(\beta_2 u, \lvert g \rvert + \epsilon)",
    BOOK["adam"][2],
    r"p \leftarrow p - \alpha \frac{\hat m}{u}",
]
BOOK["nadam"] = [
    r"\mu \leftarrow \beta_1 (1 - 0.5 \cdot 0.96^{t \psi})",
    r"\mu_+ \leftarrow \beta_1 (1 - 0.5 \cdot 0.96^{(t + 1) \psi})",
    r"\mu_{\Pi} \leftarrow \mu_{\Pi} \mu",
    *BOOK["adam"][:2],
    r"\hat m \leftarrow \frac{\mu_+}{1 - \mu_{\Pi} \mu_+} m + \frac{1 - \mu}{1 - \mu_{\Pi}} g",
    *BOOK["adam"][3:],
]
RECTIFIED = r"\frac{(\rho_t - 4) (\rho_t - 2) \rho_{\infty}}{(\rho_{\infty} - 4) (\rho_{\infty} - 2) \rho_t}"
BOOK["radam"] = [
    *BOOK["adam"][:3],
    r"\rho_{\infty} \leftarrow \frac{2}{1 - \beta_2} - 1",
    r"\rho_t \leftarrow \rho_{\infty} - \frac{2 t \beta_2^t}{1 - \beta_2^t}",
    rf"r \leftarrow \sqrt{{\max\left({RECTIFIED}, 0\right)}}",
    (
        r"d \leftarrow \begin{cases} r \frac{\sqrt{1 - \beta_2^t} \hat m}{\sqrt{v} + \epsilon} & "
        r"\text{if } \rho_t > 5 \\ \hat m & \text{otherwise} \end{cases}"
    ),
    r"p \leftarrow p - \alpha d",
]
BOOK["lion"] = [
    r"c \leftarrow \beta_1 m + (1 - \beta_1) g",
    r"p \leftarrow p - \alpha \operatorname{sign}(c)",
    r"m \leftarrow \beta_2 m + (1 - \beta_2) g",
]
BOOK["lars"] = [
    (
        r"s \leftarrow \begin{cases} \frac{\eta \lVert p \rVert}{\lVert g \rVert + \lambda \lVert p \rVert} & "
        r"\text{if } \min(\lVert p \rVert, \lVert g \rVert) > 0 \\ 1 & \text{otherwise} \end{cases}"
    ),
    r"v \leftarrow \rho v + \alpha s (g + \lambda p)",
    r"p \leftarrow p - v",
]
BOOK["lamb"] = [
    *BOOK["adam"][:4],
    r"r \leftarrow \frac{\hat m}{\sqrt{\hat v} + \epsilon} + \lambda p",
    (
        r"s \leftarrow \begin{cases} \frac{\lVert p \rVert}{\lVert r \rVert} & "
        r"\text{if } \min(\lVert p \rVert, \lVert r \rVert) > 0 \\ 1 & \text{otherwise} \end{cases}"
    ),
    r"p \leftarrow p - \alpha s r",
]
MUON = [
    r"m \leftarrow \rho m + (1 - \rho) g",
    r"u \leftarrow \rho m + (1 - \rho) g",
    (
        r"\operatorname{NS}_k : \; X \leftarrow \frac{X}{\max(\lVert X \rVert, \epsilon)} \text{ and then } k "
        r"\text{ times } X \leftarrow 3.4445 X - 4.775 X X^{\top} X + 2.0315 (X X^{\top})^2 X"
    ),
    r"o \leftarrow \operatorname{NS}_k(u)",
    (
        r"p \leftarrow (1 - \alpha \lambda) p - \alpha \sqrt{\max\left(1, "
        r"\frac{\operatorname{rows}(p)}{\operatorname{columns}(p)}\right)} o"
    ),
]
BOOK["adamw"] = [r"p \leftarrow (1 - \alpha \lambda) p", *BOOK["adam"]]

WRAPPED = {
    Decay(SGD(), l2=0.1): [r"p \leftarrow (1 - \alpha \lambda_2) p", *BOOK["sgd"]],
    Decay(SGD(), l1=0.1): [*BOOK["sgd"], r"p \leftarrow p - \min(\max(p, -\alpha \lambda_1), \alpha \lambda_1)"],
    Decay(SGD(), l1=0.1, l2=0.1, through="gradient"): [
        r"g \leftarrow g + \lambda_2 p + \lambda_1 \operatorname{sign}(p)",
        *BOOK["sgd"],
    ],
    Decay(SGD()): BOOK["sgd"],
    Decay(SGD(), l2=0.1, times_lr=False): [r"p \leftarrow (1 - \lambda_2) p", *BOOK["sgd"]],
    Clip(SGD(), value=1.0): [r"g \leftarrow \min(\max(g, -c), c)", *BOOK["sgd"]],
    Clip(SGD(), norm=1.0): [
        r"g \leftarrow g \min\left(\frac{c}{\lVert g \rVert_{\text{all}} + 10^{-6}}, 1\right)",
        *BOOK["sgd"],
    ],
    Clip(SGD(), norm=1.0, over="each"): [
        r"g \leftarrow g \min\left(\frac{c}{\lVert g \rVert + 10^{-6}}, 1\right)",
        *BOOK["sgd"],
    ],
    Noise(SGD()): [
        r"\sigma \leftarrow \sqrt{\frac{\eta}{t^{\gamma}}}",
        r"g \leftarrow g + \sigma \mathcal{N}(0, 1)",
        *BOOK["sgd"],
    ],
    Average(SGD(), start=5): [
        *BOOK["sgd"],
        r"n \leftarrow \max(t - t_0, 1)",
        r"w \leftarrow \frac{1}{n}",
        r"\bar p \leftarrow (1 - w) \bar p + w p",
        r"\text{predict with } \bar p",
    ],
    Average(Clip(Adam(), value=1.0), decay=0.9): [
        r"g \leftarrow \min(\max(g, -c), c)",
        *BOOK["adam"],
        r"n \leftarrow \max(t, 1)",
        r"w \leftarrow \frac{1 - \delta}{1 - \delta^n}",
        r"\bar p \leftarrow (1 - w) \bar p + w p",
        r"\text{predict with } \bar p",
    ],
    Momentum(form="step"): [r"v \leftarrow \rho v - \alpha g", r"p \leftarrow p + v"],
    Momentum(form="average"): [r"v \leftarrow \rho v + (1 - \rho) g", r"p \leftarrow p - \alpha v"],
    RMSprop(centered=True, momentum=0.5, eps_inside=True): [
        r"v \leftarrow \beta v + (1 - \beta) g^2",
        r"m \leftarrow \beta m + (1 - \beta) g",
        r"u \leftarrow \rho u + \frac{g}{\sqrt{\max(v - m^2, 0) + \epsilon}}",
        r"p \leftarrow p - \alpha u",
    ],
    Adam(amsgrad=True, bias_correction=False, eps=0): [
        *BOOK["adam"][:2],
        r"v_{\max} \leftarrow \max(v_{\max}, v)",
        r"p \leftarrow p - \alpha \frac{m}{\sqrt{v_{\max}}}",
    ],
    Momentum(dampening=0.5): [
        r"s \leftarrow \begin{cases} 1 - \tau & \text{if } t > 1 \\ 1 & \text{otherwise} \end{cases}",
        r"v \leftarrow \rho v + s g",
        r"p \leftarrow p - \alpha v",
    ],
    Momentum(dampening=0.0): BOOK["momentum"],
    Maximize(SGD()): [r"g \leftarrow -g", *BOOK["sgd"]],
    Muon(): MUON,
    Muon(nesterov=False, adjust="match_rms_adamw", eps=0.0, coefficients=(1.5, -0.5, 0.0)): [
        MUON[0],
        (
            r"\operatorname{NS}_k : \; X \leftarrow \frac{X}{\lVert X \rVert} \text{ and then } k "
            r"\text{ times } X \leftarrow 1.5 X - 0.5 X X^{\top} X"
        ),
        r"o \leftarrow \operatorname{NS}_k(m)",
        (
            r"p \leftarrow (1 - \alpha \lambda) p - "
            r"\alpha \cdot 0.2 \sqrt{\max(\operatorname{rows}(p), \operatorname{columns}(p))} o"
        ),
    ],
    Clip(Split(Muon(adjust="none"), Average(SGD())), value=1.0): [
        r"g \leftarrow \min(\max(g, -c), c)",
        r"\text{for hidden matrices, } \operatorname{Muon}:",
        *MUON[:4],
        r"p \leftarrow (1 - \alpha \lambda) p - \alpha o",
        r"\text{for all others, } \operatorname{SGD}:",
        r"p \leftarrow p - \alpha' g",
        r"n \leftarrow \max(t, 1)",
        r"w \leftarrow \frac{1}{n}",
        r"\bar p \leftarrow (1 - w) \bar p + w p",
        r"\text{predict with } \bar p",
    ],
    Split(SGD(), SGD(), where=(2, 4)): [
        r"\text{for parameters 2, 4, } \operatorname{SGD}:",
        *BOOK["sgd"],
        r"\text{for all others, } \operatorname{SGD}:",
        r"p \leftarrow p - \alpha' g",
    ],
    AdamW(times_lr=False): [r"p \leftarrow (1 - \lambda) p", *BOOK["adam"]],
}


@pytest.mark.parametrize("method", METHODS)
def test_the_methods_read_as_in_a_book(method):
    assert equations(METHODS[method]()) == [r"g \leftarrow \nabla f(p)", *BOOK[method]]


@pytest.mark.parametrize("rule", WRAPPED, ids=repr)
def test_wrappers_and_flags_change_what_they_change(rule):
    assert equations(rule) == [r"g \leftarrow \nabla f(p)", *WRAPPED[rule]]


def test_a_look_ahead_says_where_its_gradient_is_taken():
    ahead = Nesterov(form="look-ahead")
    assert equations(ahead)[0] == equations(Clip(ahead, norm=1.0))[0] == r"g \leftarrow \nabla f(p + \rho v)"
    assert equations(Decay(ahead, l2=0.1, through="gradient"))[1] == r"g \leftarrow g + \lambda_2 (p + \rho v)"


def test_where_a_first_gradient_decides_both_are_there():
    assert equations(SAM(SGD())) == [
        r"g \leftarrow \nabla f(p)",
        r"g \leftarrow \nabla f(p + R \frac{g}{\lVert g \rVert_{\text{all}}})",
        *BOOK["sgd"],
    ]
    around = SAM(WeightNoise(Nesterov(form="look-ahead")))
    assert equations(around)[:2] == [
        r"g \leftarrow \nabla f(p + \rho v + \sigma_p \mathcal{N}(0, 1))",
        r"g \leftarrow \nabla f(p + \rho v + \sigma_p \mathcal{N}(0, 1) + R \frac{g}{\lVert g \rVert_{\text{all}}})",
    ]
    assert equations(Decay(around, l2=0.1, through="gradient"))[2] == r"g \leftarrow g + \lambda_2 (p + \rho v)"


def of_the_first_parameter(lines):
    """The equations of the parameter with number 0."""
    parts = [[]]
    for line in lines:
        parts += [[]] if r"\text{for " in line else []
        parts[-1] += [line] if r"\text{for " not in line and r"\text{predict" not in line else []
    first = any("for parameter 0," in line for line in lines)
    return parts[0] if len(parts) == 1 else parts[0] + parts[1 if first else 2]


@pytest.mark.parametrize(
    "rule",
    [
        *DESCENDING,
        Decay(Noise(Nesterov(form="look-ahead")), l2=0.1, through="gradient"),
        WeightNoise(Decay(SAM(Nesterov(form="look-ahead"), radius=0.3), l2=0.1, through="gradient"), std=0.2),
        Maximize(SAM(SGD(lr=0.01), adaptive=True)),
    ],
    ids=repr,
)
def test_read_back_as_numbers_they_are_the_rule(rule):
    def slope(x):
        return 3 * x - 1

    seed = weight_noise.APART if "WeightNoise" in repr(rule) else 0
    values = {written: look_up(rule, path) for path, written in letters(rule).items()}
    p = torch.tensor([0.7], dtype=torch.float64)
    state = begun(rule, p)
    values |= {"p": 0.7, r"\nabla": slope} | {
        letter(name.split("_", 1)[-1] if name.startswith("average") else name): slot.item()
        for name, slot in state.items()
    }
    for t in range(1, 13):
        values |= {"t": t, r"\mathcal{N}": counter.normal(p, seed, t, 0).item()}
        for line in of_the_first_parameter(equations(rule)):
            assign(line, values)
        p, state = rule.step(p, gradient_of(slope, rule, p, state, t), state, t)
        assert values["p"] == pytest.approx(p.item(), rel=1e-12)
        for name, slot in state.items():
            written = letter(name.removeprefix("average_"))
            assert values[written] == pytest.approx(slot.item(), rel=1e-12)


@pytest.mark.parametrize("rule", [*DESCENDING, *WRAPPED], ids=repr)
def test_every_field_and_slot_is_seen(rule):
    text = " ".join(equations(rule))
    for path, written in letters(rule).items():
        value = look_up(rule, path)
        assert (written in text) == (value != 0 and path[-1] != "initial")  # where a sum starts is not in the step
    for name in rule.slots():
        assert letter(name.removeprefix("average_")) + r" \leftarrow" in text


@pytest.mark.parametrize("rule", [*DESCENDING, *WRAPPED], ids=repr)
def test_a_page_gets_well_formed_mathml(rule):
    page = ElementTree.fromstring(f"<div>{mathml(rule)}</div>")
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert [block.tag for block in page] == [f"{space}math"] * len(equations(rule))
    assert all(block.attrib["display"] == "block" for block in page)
    arrows = [sign for sign in page.iter(f"{space}mo") if sign.text == "\u2190"]
    assert len(arrows) == sum(line.count("leftarrow") for line in equations(rule))
    assert "\\" not in "".join(page.itertext())


def test_mathml_has_the_letters_and_the_fraction():
    text = mathml(Adam())
    assert "&#x003B2;" in text  # beta
    assert text.count("<mfrac>") == 3
    assert "<msqrt>" in text


def test_letters_that_are_taken_get_a_prime():
    assert letters(Decay(Decay(SGD(), l2=0.1), l2=0.2)) == {
        ("l1",): r"\lambda_1",
        ("l2",): r"\lambda_2",
        ("rule", "l1"): r"\lambda_1'",
        ("rule", "l2"): r"\lambda_2'",
        ("rule", "rule", "lr"): r"\alpha",
    }
    assert equations(Decay(Decay(SGD(), l2=0.1), l2=0.2))[1:3] == [
        r"p \leftarrow (1 - \alpha \lambda_2) p",
        r"p \leftarrow (1 - \alpha \lambda_2') p",
    ]


def written_in_a_file(folder, source):
    """The rule `Mine` of a file of a user's."""
    path = folder / "mine.py"
    path.write_text(
        "import torch\nfrom ravine.rules import *\nfrom ravine.rules.rule import *\n\n" + textwrap.dedent(source)
    )
    spec = importlib.util.spec_from_file_location("mine", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Mine()


def test_a_rule_in_a_users_file_has_equations(tmp_path):
    rule = written_in_a_file(
        tmp_path,
        '''
        def soft(x, k):
            """Shrinks."""
            size = x.abs()
            return torch.sign(x) * maximum(size - k, 0)

        class Mine(Rule):
            """Lion, its own way."""
            lr: Number = field(1e-3, "step length")
            gamma1: Number = field(0.9, "memory of the step")
            threshold: Number = field(0.1, "what is ignored")
            state = {"m": zeros}

            @property
            def share(self):
                return 1 - self.gamma1

            def mixed(self, a, b):
                return self.gamma1 * a + self.share * b

            def update(self, w, grad, m):
                old = m
                c = self.mixed(m, grad)
                m = 0.99 * m + 0.01 * grad
                w -= self.lr * soft(c, self.threshold)
                return w - 1e-3 * old, m
        ''',
    )
    assert equations(rule) == [
        r"g \leftarrow \nabla f(p)",
        r"c \leftarrow \gamma_1 m + (1 - \gamma_1) g",
        r"\mathrm{old} \leftarrow m",
        r"m \leftarrow 0.99 m + 0.01 g",
        r"p \leftarrow p - \alpha \operatorname{sign}(c) \max(\lvert c \rvert - \mathrm{threshold}, 0)",
        r"p \leftarrow p - 0.001 \, \mathrm{old}",
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("for k in range(3):\n    p = p - g\nreturn p", "no equation says `for k in range(3):`."),
        ("if t == 1:\n    p = p - g\nreturn p", "whether `t` is known only as it runs."),
        ("while p < g:\n    p = p + 1\nreturn p", "no equation says `while p < g:`."),
        ("return p - torch.linalg.qr(g)[0]", "no equation says `torch.linalg.qr(g)[0]`."),
        ("return p - g.clamp(min=0)", "no equation says `g.clamp(min=0)`."),
        ("return p - sqrt(g, g)", "no equation says sqrt(...) of 2 arguments."),
        ("p, g = g, p\nreturn p", "p and g change places."),
        ("p - g", "no equation says `p - g`."),
        ("p = p - g", "its update returns nothing."),
        ("return p - self.missing", "it has no field and no method missing."),
        ("return p // g", "no equation says FloorDiv."),
        ("return p - g @ g", "no equation says MatMult."),
    ],
)
def test_what_no_equation_shows_is_said_in_a_sentence(tmp_path, body, reason):
    source = "class Mine(Rule):\n    def update(self, p, g, t):\n" + textwrap.indent(body, "        ")
    (line,) = equations(written_in_a_file(tmp_path, source))
    assert line == rf"\text{{Mine has no equations to show: {reason}}}"
    paragraph = ElementTree.fromstring(mathml(written_in_a_file(tmp_path, source)))
    assert paragraph.tag == "p"
    assert paragraph.text.endswith(f": {reason}")


def test_a_rule_without_a_source_says_what_to_do():
    space = {"Rule": SGD.__mro__[1], "__name__": "typed"}
    exec("class Typed_Here(Rule):\n    def update(self, p, g):\n        return p - g", space)  # noqa: S102 - as typed
    (line,) = equations(space["Typed_Here"]())
    wanted = "Typed_Here has no equations to show: the source of its update is not kept; write the rule into a file."
    assert line == rf"\text{{{wanted}}}"
    assert mathml(space["Typed_Here"]()) == f"<p>{wanted}</p>"


def test_a_rule_still_searched_for_is_a_sentence_too():
    (line,) = equations(Clip(choice((SGD(), Adam())), norm=1.0))
    assert line.startswith(r"\text{Clip has no equations to show: which rule it wraps is still to be found in choice(")
    (line,) = equations(Split(SGD(), choice((SGD(), Adam()))))
    assert line.startswith(
        r"\text{Split has no equations to show: which rule it gives them is still to be found in cho"
    )
    (line,) = equations(Adam(amsgrad=choice((True, False))))
    assert line == r"\text{Adam has no equations to show: whether `self.amsgrad` is known only as it runs.}"
