"""Put the cases to closedform; one JSON object a line."""

from __future__ import annotations

import sys

import closedform as cf
from cases import CASES, DEPTHS, GIVEN, chain
from timing import TimeUp, limit, milliseconds, say


def measure(name: str, expression: str, wrt: list[str], seconds: float, repeat: int) -> bool:
    """Time the derivation without and with its check; False when it gave no answer."""
    try:
        with limit(seconds):
            ms, d = milliseconds(lambda: cf.derive(expression, wrt, GIVEN, verify=False), repeat)
            text = str(d)
            del d
            checked, d = milliseconds(lambda: cf.derive(expression, wrt, GIVEN), repeat)
            say(
                case=name,
                ms=ms,
                checked_ms=checked,
                length=len(text),
                verdict="right" if d.certificate.ok else "WRONG",
                text=text[:200],
            )
    except TimeUp:
        say(case=name, verdict=f"more than {seconds:g} s")
        return False
    except cf.InputError as error:
        say(case=name, verdict=f"refused: {error.message[:60]}")
        return False
    return True


def main() -> None:
    seconds = float(sys.argv[1])
    cf.derive("a'*x", "x")
    for name, (expression, wrt) in CASES.items():
        measure(name, expression, wrt, seconds, 5)
    for depth in DEPTHS:
        if not measure(f"depth {depth}", chain(depth), ["x"], seconds, 3):
            break


if __name__ == "__main__":
    main()
