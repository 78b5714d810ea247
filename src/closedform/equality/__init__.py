"""Are two formulas equal?  A verdict with evidence: proofs, exact arithmetic over finite fields, floating point."""
