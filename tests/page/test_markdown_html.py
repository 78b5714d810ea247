"""The page in Markdown and in HTML."""

from __future__ import annotations

import re
import runpy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.page.corpus import COUNT, GAUSSIAN, LEAST_SQUARES, MORE, derivation, made
from tests.page.texcheck import faults

from closedform.calculus.step import NAMES, Step
from closedform.page.derivation import Derivation
from closedform.page.html import STEPS, link
from closedform.rewrite.catalog import ROWS

DOCS = Path(__file__).resolve().parents[2] / "docs"
ALLOWED = {"table", "tbody", "tr", "td", "th", "span", "a"}


class Reader(HTMLParser):
    """Every element is closed in its turn, and is one of the few that a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert {name for name, _ in attrs} <= {"class", "href", "title", "colspan", "scope"}
        self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


@pytest.mark.parametrize("notation", ["trace", "frobenius"])
def test_every_page_in_html_is_well_formed(notation: str) -> None:
    for at in range(COUNT):
        d = derivation(at)
        found = read(d.page("html", notation))
        assert found.links
        assert "<" not in re.sub(r"<[^>]*>", "", d.page("html", notation))


def test_html_is_escaped() -> None:
    step = made(LEAST_SQUARES)[0]
    page = Derivation((Step("d-pow", step.before, step.after, "1 < 2 & <script>alert('x')</script>"),)).html
    assert "<script>" not in page
    assert "1 < 2 & <script>alert('x')</script>" in read(page).text


def test_a_rule_links_to_where_it_is_explained() -> None:
    for row in ROWS[:40]:
        assert f'href="docs/rules.md#{row.name}"' in link(row.name)
    page = (DOCS / Path(STEPS).name).read_text(encoding="utf-8")
    assert "\n## Names of steps\n" in page
    assert "\n## The differential\n" in page
    names = {row.name for row in ROWS}
    for name in NAMES:
        assert name in names or f'href="{STEPS}#names-of-steps"' in link(name)
    assert f'href="{STEPS}#the-differential"' in link("d-mul")


@pytest.mark.parametrize("notation", ["trace", "frobenius"])
def test_every_page_in_markdown_is_sound(notation: str) -> None:
    for at in range(COUNT):
        page = derivation(at).page("markdown", notation)
        displays = re.findall(r"(?s)\$\$\n(.*?)\n\$\$", page)
        assert displays
        assert page.count("$$") == 2 * len(displays)
        rest = re.sub(r"(?s)\$\$\n(.*?)\n\$\$", "", page)
        inline = re.findall(r"(?<!\\)\$([^$]*)(?<!\\)\$", rest)
        for formula in displays:
            assert not list(faults(formula)), formula
        for formula in inline:
            assert not list(faults(rf"\begin{{align*}}{formula}\end{{align*}}")), formula
            assert "|" not in formula
        for row in (line for line in rest.splitlines() if line.startswith("|")):
            assert len(re.findall(r"(?<!\\)\|", row)) == 4, row


def test_a_page_in_markdown() -> None:
    page = made(LEAST_SQUARES).markdown.splitlines()
    assert page[:3] == ["$$", r"\begin{aligned}", r"f &= \lVert A x - b \rVert^{2} \\"]
    assert page[-6:] == [
        "| | rule | reason |",
        "|---:|---|---|",
        r"| (1) | `d-pow` | $\mathrm{d} \lVert x \rVert^{2} = 2 x^{\top} \mathrm{d}x$ |",
        "| (2) | `d-linear` | $b$ and $A$ are constant |",
        r"| (3) | `transpose` | $\left(A B\right)^{\top} = B^{\top} A^{\top}$ |",
        r"| (4) | `identify` | the gradient is read off $\mathrm{d}f = g^{\top} \mathrm{d}x$ |",
    ]


def test_the_lines_of_a_page_are_numbered_through() -> None:
    page = derivation(COUNT - len(MORE) + 7).markdown
    numbers = [int(n) for n in re.findall(r"^\| \((\d+)\) \|", page, flags=re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [int(n) for n in re.findall(r"&& \((\d+)\)", page)] == numbers
    assert "**Second derivative: the differential of the gradient**" in page


def test_frobenius_in_every_form() -> None:
    d = made(GAUSSIAN)
    for form in ("text", "unicode", "latex", "markdown", "html"):
        assert " : " in d.page(form, "frobenius")
        assert " : " not in re.sub(r"(?m)^.*(?:symmetric|reason).*$", "", d.page(form))


def test_the_table_of_names_on_the_page_is_up_to_date() -> None:
    made_by = runpy.run_path(str(DOCS / "make_steps.py"))
    text = (DOCS / "derivations.md").read_text(encoding="utf-8")
    assert made_by["page"](text) == text, "run python docs/make_steps.py"
    assert all(f"| `{name}` |" in text for name in NAMES)
