import pytest
from hypothesis import given
from hypothesis import strategies as st
from latex2mathml.converter import convert

from ravine.report.mathml import KNOWN, only_mathematics

from .reading import parsed


@pytest.mark.parametrize(
    "latex", [r"p \leftarrow p - \frac{g}{\sqrt{v} + \epsilon}", r"\hat{m}_t = \beta_1^t", "a < b"]
)
def test_equations_pass_unchanged(latex):
    given = convert(latex, display="block")
    namespace = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # HTML needs none
    assert parsed(only_mathematics(given)).tags == parsed(given.replace(namespace, "")).tags


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        ("<math><script>alert(1)</script></math>", "<math>alert(1)</math>"),
        ("<math><mi onclick='x()' mathvariant='bold'>p</mi></math>", '<math><mi mathvariant="bold">p</mi></math>'),
        ('<math><maction href="javascript:x">p</maction></math>', "<math>p</math>"),
        ("<math><mtext>&lt;img src=x onerror=y&gt;</mtext></math>", None),
        ("<math><annotation-xml encoding='text/html'><img src=x></annotation-xml></math>", "<math></math>"),
        ("<math><mspace linebreak='newline'/></math>", '<math><mspace linebreak="newline"></mspace></math>'),
        ("<math><mi>&</mi></math>", "<math><mi>&amp;</mi></math>"),
    ],
)
def test_what_is_no_mathematics_is_taken_out(hostile, left):
    assert only_mathematics(hostile) == (hostile if left is None else left)


@given(st.text(alphabet="<>&/ \"'=mathscriptonload!-", max_size=60))
def test_no_text_leaves_anything_but_mathematics(text):
    assert {tag for tag, _ in parsed(only_mathematics(text)).tags} <= KNOWN
