"""The Gaussian log-likelihood of a sample, by its mean and by its covariance matrix."""

from __future__ import annotations

import numpy as np
import pytest

import closedform as cf

GIVEN = "x[N]: p; mu: p; Sigma: p p pd"
LIKELIHOOD = "-(N/2)*logdet(Sigma) - 0.5*sum(i in 1..N, (x[i]-mu)'*inv(Sigma)*(x[i]-mu))"


def test_by_the_mean() -> None:
    d = cf.derive(LIKELIHOOD, "mu", GIVEN)
    assert str(d) == "inv(Sigma)*sum(i in 1..N, x[i] - mu)"
    assert d.kind == "gradient" and d.shape == ("p", "1")


def test_by_the_covariance_matrix() -> None:
    d = cf.derive(LIKELIHOOD, "Sigma", GIVEN)
    assert str(d) == "(inv(Sigma)*sum(i in 1..N, (x[i] - mu)*(x[i] - mu)')*inv(Sigma) - N*inv(Sigma))/2"


def test_the_maximum_is_where_both_vanish() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((9, 3))
    mean = x.mean(axis=0)
    covariance = (x - mean).T @ (x - mean) / len(x)
    for name in ("mu", "Sigma"):
        value = cf.derive(LIKELIHOOD, name, GIVEN).function()(x=x, mu=mean, Sigma=covariance)
        assert value == pytest.approx(np.zeros(value.shape), abs=1e-10)


def test_the_code_is_that_of_the_data_matrix() -> None:
    source = cf.derive(LIKELIHOOD, "Sigma", GIVEN).function().source
    assert "for " not in source.partition('"""')[2].rpartition('"""')[2]


def test_the_hessian_by_the_mean() -> None:
    assert str(cf.hessian(LIKELIHOOD, "mu", GIVEN)) == "-N*inv(Sigma)"
