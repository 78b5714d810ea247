"""The page in LaTeX compiles, as far as that can be told without TeX."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.page.corpus import COUNT, GAUSSIAN, LEAST_SQUARES, MORE, NETWORK, derivation, made
from tests.page.texcheck import faults

from closedform.page.latex import escaped, sentence, split
from closedform.page.reason import parts
from closedform.page.script import Formula

SLICES = 4


@pytest.mark.parametrize("notation", ["trace", "frobenius"])
@pytest.mark.parametrize("part", range(SLICES))
def test_every_page_is_sound(part: int, notation: str) -> None:
    for at in range(part, COUNT, SLICES):
        page = derivation(at).page("latex", notation)
        assert not list(faults(page)), page


def test_a_page_in_latex() -> None:
    assert made(LEAST_SQUARES).latex == (
        "\\begin{align*}\n"
        "f &= \\lVert A x - b \\rVert^{2} \\\\\n"
        "\\mathrm{d}f &= 2 \\left(A x - b\\right)^{\\top} \\mathrm{d}\\left(A x - b\\right)"
        " && \\text{[d-pow] }\\mathrm{d} \\lVert x \\rVert^{2} = 2 x^{\\top} \\mathrm{d}x \\\\\n"
        "&= 2 \\left(A x - b\\right)^{\\top} A \\mathrm{d}x && \\text{[d-linear] }b\\text{ and }A\\text{ are constant} \\\\\n"
        "&= \\left(2 A^{\\top} \\left(A x - b\\right)\\right)^{\\top} \\mathrm{d}x"
        " && \\text{[transpose] }\\left(A B\\right)^{\\top} = B^{\\top} A^{\\top} \\\\\n"
        "\\Longrightarrow\\quad \\frac{\\partial f}{\\partial x} &= 2 A^{\\top} \\left(A x - b\\right)"
        " && \\text{[identify] the gradient is read off }\\mathrm{d}f = g^{\\top} \\mathrm{d}x\n"
        "\\end{align*}"
    )


def test_names_follow_the_line_in_which_they_come_up() -> None:
    page = made(NETWORK).latex
    assert "&\\qquad \\text{with } A = \\tanh\\left(X W_{1}\\right) \\\\\n" in page


def test_each_differentiation_is_a_display_under_a_heading() -> None:
    page = derivation(COUNT - len(MORE) + 7).latex
    assert page.count("\\begin{align*}") == page.count("\\end{align*}") == 2
    assert "\\end{align*}\nSecond derivative: the differential of the gradient.\n\\begin{align*}" in page


def test_a_member_of_a_family_has_its_index_below() -> None:
    page = made(("sum(i in 1..N, exp(b'*x[i]))", "x[j]", "b: p; x[N]: p")).latex
    assert r"\frac{\partial f}{\partial x_{j}} &= " in page
    assert r"^{\top} \mathrm{d}x_{j} " in page
    assert "[j]" not in page


@pytest.mark.parametrize(
    ("because", "said"),
    [
        ("A is constant", r"A\text{ is constant}"),
        ("d(A*B) = dA*B + A*dB", r"\mathrm{d}\left(A B\right) = \mathrm{d}A B + A \mathrm{d}B"),
        ("50% of x_1 & more", r"\text{50\% of }x_{1}\text{ \& more}"),
        ("what goes into a layer", r"\text{what goes into a layer}"),
        ("with #1 {a} ~ \\ ^ < > |", "\\text{with \\#1 \\{a\\} \\textasciitilde{} \\textbackslash{} \\textasciicircum{} "
         "\\textless{} \\textgreater{} \\textbar{}}"),
    ],
)  # fmt: skip
def test_reasons_are_mathematics_with_words_in_between(because: str, said: str) -> None:
    from closedform.page.wording import Latex

    written = [p if isinstance(p, str) else Formula(Latex(()).written(p)) for p in parts(because)]
    assert sentence(tuple(written)) == said
    assert not list(faults(rf"\begin{{align*}}{said}\end{{align*}}"))


def test_a_long_reason_is_cut_between_words() -> None:
    reason = ("one two three " * 12 + "with ", Formula("p = 1"), " and the rest of it")
    pieces = split(reason)
    assert len(pieces) > 1
    assert "".join("".join(piece) for piece in pieces) == "".join(reason)


@pytest.mark.parametrize(
    "wrong",
    [
        r"\begin{align*} x_{ \end{align*}", r"\begin{align*} \left( x \end{align*}", r"\begin{align*} \foo \end{align*}",
        r"\begin{align*} \text{a_b} \end{align*}", r"\begin{align*} 50% \end{align*}", r"\begin{gather} x \end{gather}",
        r"\begin{align*} \frac{a \\ b}{c} \end{align*}", r"\begin{align*} \left(a & b\right) \end{align*}", r"x_1 & y",
        "\\begin{align*} α \\end{align*}", r"\begin{align*} \left a \right. \end{align*}", "\\begin{align*} a\n\nb \\end{align*}",
    ],
)  # fmt: skip
def test_the_check_finds_what_tex_would_refuse(wrong: str) -> None:
    assert list(faults(wrong))


def test_escaping_is_complete() -> None:
    everything = "".join(map(chr, range(32, 127)))
    assert not list(faults(rf"\begin{{align*}}\text{{{escaped(everything)}}}\end{{align*}}"))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex here")
def test_a_document_of_all_pages_compiles(tmp_path: Path) -> None:
    pages = "\n".join(derivation(at).page("latex", n) for at in range(COUNT) for n in ("trace", "frobenius"))
    document = f"\\documentclass{{article}}\\usepackage{{amsmath}}\\begin{{document}}\n{pages}\n\\end{{document}}\n"
    (tmp_path / "pages.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "pages.tex"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert made(GAUSSIAN)
