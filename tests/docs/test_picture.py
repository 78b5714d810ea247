"""The picture of the README shows what its command prints."""

import re
from pathlib import Path
from xml.etree import ElementTree

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_picture_shows_the_command_and_its_answer() -> None:
    svg = (DOCS / "images" / "derive.svg").read_text(encoding="utf-8")
    shown = re.sub(r"\s+", " ", " ".join(ElementTree.fromstring(svg).itertext()).replace("\xa0", " "))
    for part in (
        'closedform derive "logdet(S) + tr(inv(S)*C)" --wrt S',
        "inv(S) - inv(S)*C*inv(S)",
        "the gradient has the shape of S",
        "largest error",
    ):
        assert part in shown
