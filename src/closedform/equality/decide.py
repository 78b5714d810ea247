"""The stages of a verdict, and in which order they may speak.

Exact arithmetic goes first, because it refutes in a millisecond and guards the proofs: nothing is called proved that
differs at a random point.  Then proofs, from the cheap to the dear; then the agreement itself, with its error bound; then
floating point.
"""

from __future__ import annotations

from zlib import crc32

from closedform.core.expr import Expr, shape_text
from closedform.core.infer import known
from closedform.core.limits import counted
from closedform.core.walk import postorder
from closedform.equality.fingerprint import Fingerprint, Mismatch
from closedform.equality.fingerprint import Outcome as Exact
from closedform.equality.floating import TOLERANCE, Floating, Gap
from closedform.equality.floating import Outcome as Floated
from closedform.equality.proof import Proof, prove
from closedform.equality.verdict import Evidence, Verdict, Witness

SMOOTH = frozenset({"roots", "logarithms", "determinants"})
"""What exact runs assume that only restricts where the formulas have a value."""
MOST_CONDITIONS = 12


@counted
def decide(a: Expr, b: Expr) -> Verdict:
    """The verdict on two expressions."""
    if a.shape != b.shape:
        said = f"the left side is {shape_text(a.shape)}, the right side {shape_text(b.shape)}"
        return Verdict("different", Evidence("shapes", (said,)), error_bound=0.0)
    return _Question(a, b).verdict()


def conditions(*sides: Expr) -> tuple[str, ...]:
    """What must hold for the sides to have a value, beyond what is declared."""
    found: dict[str, None] = {}
    for node in postorder(*sides):
        for condition, argument in node.op.domain(*node.args, *node.params):
            if node.op.name in ("det", "adj") or argument.op.name in ("number", "pi", "size", "eye"):
                continue
            if not _granted(condition, argument):
                found[f"{_short(argument)} is {condition}"] = None
    listed = list(found)
    if len(listed) > MOST_CONDITIONS:
        listed = [*listed[:MOST_CONDITIONS], f"{len(listed) - MOST_CONDITIONS} more conditions of this kind hold"]
    return tuple(listed)


def _granted(condition: str, argument: Expr) -> bool:
    if condition == "nonzero":
        return known(argument, "positive") or (argument.is_scalar and known(argument, "invertible"))
    if condition == "in (-1, 1)":
        return known(argument, "unit")
    if condition == "above -1":
        return known(argument, "nonnegative")
    return known(argument, condition)


def _short(e: Expr) -> str:
    text = str(e)
    return text if len(text) <= 60 else text[:57] + "…"


class _Question:
    """Two expressions of one shape, and what has been found out about them."""

    def __init__(self, a: Expr, b: Expr) -> None:
        self.a, self.b = a, b
        self.seed = crc32(f"{a} = {b}".encode())
        self.conditions = conditions(a, b)
        self.fingerprint = Fingerprint(a, b, self.seed)
        self._floating: Floating | None = None

    @property
    def floating(self) -> Floating:
        if self._floating is None:
            self._floating = Floating(self.a, self.b, self.seed)
        return self._floating

    def verdict(self) -> Verdict:
        """Exact arithmetic, then floating point where that is not the last word, then proofs."""
        exact = self.fingerprint.run()
        if exact.kind == "differ" and not exact.assumed:
            assert exact.mismatch is not None
            return self._refuted_exactly(exact.mismatch)
        if exact.kind == "agree" and not exact.assumed:
            return self._agreed(exact, None)
        found = self.floating.run()
        if found.gap is not None:
            return self._refuted(found.gap, exact.mismatch)
        if exact.mismatch is not None and self.fingerprint.conclusive(exact.mismatch):
            return self._refuted_exactly(exact.mismatch)
        if exact.kind == "agree" and (found.kind == "agree" or exact.assumed <= SMOOTH):
            if found.points:
                return self._agreed(exact, found)
            return self._undecided("the sides agree exactly, but no point was found where both have a real value")
        return self._by_floating_point(exact, found)

    # ---- verdicts ------------------------------------------------------------------------------------------
    def _agreed(self, exact: Exact, found: Floated | None) -> Verdict:
        """Equal at every exact point: proved if a proof is found, else probably equal."""
        checked = self._exact_said(exact)
        also = (self._floating_said(found),) if found is not None else ()
        proof = prove(self.a, self.b)
        details = self._details(exact)
        if proof is not None:
            return self._proved(proof, (checked, *also), details)
        if not exact.counted:
            return self._undecided(
                checked,
                *also,
                "but sizes stand in the formulas as numbers, and these are too few to tell polynomials in them apart",
            )
        bound = f"different formulas would pass at one of these sizes with probability at most {exact.error_bound:.1e}"
        caveat = (
            () if exact.above else ("the sizes are not above half the degree, so identities of small matrices are not excluded",)
        )
        return Verdict(
            "probably equal",
            Evidence("finite fields", (checked, bound, *caveat, *also), details),
            error_bound=exact.error_bound,
            conditions=self.conditions,
        )

    def _proved(self, proof: Proof, checks: tuple[str, ...], details: dict[str, object]) -> Verdict:
        said = (*proof.reasons, *(c if c.startswith("not") else f"checked: {c}" for c in checks))
        conditions_ = tuple(dict.fromkeys((*self.conditions, *proof.conditions)))
        return Verdict(
            "proved", Evidence(proof.stage, said, {**details, "rules": proof.rules}), error_bound=0.0, conditions=conditions_
        )

    def _refuted_exactly(self, m: Mismatch) -> Verdict:
        """Different by exact arithmetic alone; floating point shows it to the reader where it can."""
        gap = self.floating.run(at=[m.sizes], quick=True).gap
        said = "the sides differ in exact arithmetic over a finite field, where equal formulas agree"
        return self._different("finite fields", said, gap, m)

    def _refuted(self, gap: Gap, m: Mismatch | None) -> Verdict:
        where = "a special point" if gap.point == "special" else "a random point"
        said = f"the values differ at {where} by far more than rounding can explain"
        exactly = () if m is None else ("they differ in exact arithmetic, too",)
        if gap.point == "special" and m is None:
            exactly = ("they agree at random points: the difference is at a kink, a tie or a singular matrix",)
        return self._different("floating point", "; ".join((said, *exactly)), gap, m)

    def _different(self, stage: str, said: str, gap: Gap | None, m: Mismatch | None) -> Verdict:
        """Different, with the witness of the exact run and of floating point, whichever there is."""

        def again() -> bool:
            return (m is None or self.fingerprint.again(m)) and (gap is None or self.floating.again(gap))

        point = "random" if gap is None else gap.point
        if m is not None:  # the entry at which the residues differ, with its floating-point values
            values = None if gap is None else self.floating.entry(gap, m.entry)
            witness = Witness(m.sizes, self.seed, m.entry, m.prime, m.residues, values, m.trial, point, again)
        else:
            assert gap is not None
            witness = Witness(gap.sizes, self.seed, gap.entry, values=gap.values, point=point, again=again)
        return Verdict("different", Evidence(stage, (said,)), error_bound=0.0, witness=witness, conditions=self.conditions)

    def _by_floating_point(self, exact: Exact, found: Floated) -> Verdict:
        """No exact verdict: a proof that floating point does not contradict, weak evidence, or nothing."""
        reason = {
            "differ": "exact arithmetic does not settle it: it holds " + ", ".join(sorted(exact.assumed)),
            "none": exact.reason,
            "unfit": exact.reason,
            "agree": self._exact_said(exact),
        }[exact.kind]
        if exact.kind == "unfit" and found.kind == "none":
            proof = prove(self.a, self.b)
            if proof is not None:
                return self._proved(proof, (f"not by evaluation: {reason}",), {})
        if found.kind != "agree":
            return self._undecided(reason, "and too few points were found where both sides have a value in floating point")
        said = self._floating_said(found)
        proof = prove(self.a, self.b)
        if proof is not None:
            return self._proved(proof, (said,), self._details(exact))
        return Verdict(
            "probably equal",
            Evidence(
                "floating point",
                (said, f"weak evidence: a relative difference below {TOLERANCE:.0e} would not have been seen", reason),
                {"points": found.points, "special points": found.special, "largest deviation": found.deviation},
            ),
            error_bound=TOLERANCE,
            conditions=self.conditions,
        )

    def _undecided(self, *reasons: str) -> Verdict:
        return Verdict("undecided", Evidence("none", reasons), conditions=self.conditions)

    # ---- sentences -----------------------------------------------------------------------------------------
    def _exact_said(self, exact: Exact) -> str:
        shown = "; ".join(_listed(exact.sizes)[:4]) + ("; …" if len(exact.sizes) > 4 else "")
        return f"equal at {exact.points} random points over finite fields" + (f", sizes {shown}" if shown.strip("; ") else "")

    def _floating_said(self, found: Floated) -> str:
        special = f" and {found.special} special" if found.special else ""
        return (
            f"equal at {found.points} random{special} points in floating point, largest relative deviation {found.deviation:.1e}"
        )

    def _details(self, exact: Exact) -> dict[str, object]:
        return {
            "points": exact.points,
            "sizes": tuple(exact.sizes),
            "degree": exact.degree,
            "seed": self.seed,
            "assumed": tuple(sorted(exact.assumed)),
        }


def _listed(sizes: list[dict[str, int]]) -> list[str]:
    return [", ".join(f"{name}={size}" for name, size in one.items()) for one in sizes]
