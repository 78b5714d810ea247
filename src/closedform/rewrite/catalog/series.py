"""Sums with an index and powers with a symbolic exponent."""

from __future__ import annotations

from closedform.rewrite.catalog.row import Row

ROWS: tuple[Row, ...] = (
    Row(
        "sum-of-multiples",
        "sum(i in 1..N, 2*A*x[i]*y[i])",
        "2*A*sum(i in 1..N, y[i]*x[i])",
        "what does not depend on the index is taken out of the sum",
        "A: m n; x[N]: n; y[N]: scalar",
        "sum(i in 1..N, x[i]'*x[i])",
        "x[N]: n",
    ),
    Row(
        "sum-of-constants",
        "sum(i in 1..N, u)",
        "N*u",
        "N equal terms are N times one of them",
        "u: n",
        "sum(i in 3..k, u)",
        "u: n",
    ),
    Row(
        "sum-of-few-terms",
        "sum(i in 2..2, x[i])",
        "x[2]",
        "a sum of one term is that term; a sum without terms is zero",
        "x[N]: n",
        "sum(i in 1..2, x[i])",
        "x[N]: n",
    ),
    Row(
        "sums-together",
        "sum(i in 1..N, y[i]*x[i]) - sum(i in 1..N, z[i]*x[i])",
        "sum(i in 1..N, (y[i] - z[i])*x[i])",
        "sums over one range are one sum",
        "x[N]: n; y[N]: scalar; z[N]: scalar",
        "sum(i in 1..N, y[i]*x[i]) - sum(i in 1..k, y[i]*x[i])",
        "x[N]: n; y[N]: scalar",
    ),
    Row(
        "first-term-zero",
        "sum(i in 0..k, i*X^(2*i))",
        "sum(i in 1..k, i*X^(2*i))",
        "the term with the index 0 is a multiple of 0",
        "X: n n",
        "sum(i in 0..k, X^(2*i))",
        "X: n n",
    ),
    Row(
        "kronecker-delta",
        "sum(i in 1..N, e(i, N)[j]*x[i])",
        "x[j]",
        "e(i, N)[j] is 1 for i = j and 0 otherwise, so that one term of the sum is left",
        "x[N]: n",
        "sum(i in 2..N, e(i, N)[j]*x[i])",
        "x[N]: n",
    ),
    Row(
        "powers-merge",
        "X^k*X^2",
        "X^(k + 2)",
        "exponents add",
        "X: n n; k: scalar integer",
        "X^k*Y^k",
        "X: n n; Y: n n; k: scalar integer",
    ),
)
