"""Files stay small enough to be read."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
MOST = 400


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_source_file_has_at_most_400_lines(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST, f"{lines} lines; split it by what it does"


def test_the_package_ships_its_types() -> None:
    assert (ROOT / "src" / "closedform" / "py.typed").exists()


def test_the_readme_holds_exactly_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0].strip() for part in text.split("```sh\n")[1:]]
    assert len(blocks) == 2
    assert all("\n" not in block for block in blocks)
    assert "derive" in blocks[0] and "pytest" in blocks[1]
