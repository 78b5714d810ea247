"""True answers of the corpus are accepted however they are written, and no mutant of one is."""

from tests.tutor.referee_cases import mutants, questions
from tests.tutor.ways import ways

SAMPLE = 7
"""Every so many questions of the corpus are tried here; bench/referee.py tries them all."""


def test_true_answers_are_accepted_in_every_form() -> None:
    for asked in questions(SAMPLE):
        count = 0
        for way, e in ways(asked.truth):
            said = asked.judged(str(e))
            assert said.right, f"{asked.name}, {way}: {e}\n{said}"
            count += 1
        assert count >= 6, asked.name


def test_no_mutant_is_accepted() -> None:
    count = 0
    for asked, error, e in mutants(61):
        said = asked.judged(str(e))
        assert not said.right, f"{asked.name}, {error}: {e} for {asked.truth}\n{said}"
        if said.witness is not None:
            assert said.replay()
        count += 1
    assert count >= 60
