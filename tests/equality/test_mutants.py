"""A sample of differing mutants of true identities: all refuted (bench/equality.py runs them all)."""

from tests.equality.mutants import mutants

import closedform as cf

STEP = 13


def test_every_sampled_mutant_is_refuted_with_a_witness_that_replays() -> None:
    sample = list(mutants(STEP))
    assert len(sample) >= 180
    for mutant in sample:
        verdict = cf.equal(mutant.left, mutant.right)
        said = f"{mutant.identity}, {mutant.error}: {mutant.left} = {mutant.right}\n{verdict}"
        assert verdict.verdict == "different" and verdict.equal is False, said
        assert verdict.witness is not None and verdict.witness.replay(), said
        assert cf.equal(mutant.left, mutant.right).witness == verdict.witness, said
