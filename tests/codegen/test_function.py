"""Generated functions: arguments, sizes, errors, forms of the output, the source."""

from __future__ import annotations

import inspect
import pickle
import warnings
from fractions import Fraction

import numpy as np
import pytest
from tests.codegen.support import A, B, M, N, P, X, close, symbol, t, x, y, z

from closedform.codegen.function import GeneratedFunction, compile_function, tensor_shape
from closedform.core.dim import ONE, Dim
from closedform.core.errors import InputError
from closedform.core.op import f
from closedform.ops.build import identity, minus, num, power, product, total, transpose

residual = product(num(2), transpose(A), minus(product(A, x), z))
a, v, w = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, -1.0]), np.array([0.5, 1.5])


def lsq(**options: object) -> GeneratedFunction:
    return compile_function(residual, [A, x, z, t], **options)  # type: ignore[arg-type]


WANTED = 2 * a.T @ (a @ v - w)


def test_arguments_by_name() -> None:
    function = lsq()
    assert close(function(A=a, x=v, z=w), WANTED)
    assert close(function(z=w, x=v, A=a), WANTED)
    assert close(function(A=a, x=v[:, None], z=w[:, None]), WANTED)
    assert close(function(A=a, x=v, z=w, t=3.0), WANTED)
    assert close(function(A=a, x=v, z=w, n=3, m=np.int64(2)), WANTED)
    assert close(function(A=a.astype(int), x=v.astype(np.int8), z=w.astype(np.float32)), WANTED)
    assert close(function(A=np.asfortranarray(a), x=np.repeat(v, 2)[::2], z=w), WANTED)


def test_calls_with_known_shapes() -> None:
    function = compile_function(product(f.size(P), residual), [A, x, z, t, symbol("U", P)])
    for _ in range(3):
        assert close(function(A=a, x=v, z=w, t=2.0, U=np.ones(5)), 5 * WANTED)
        assert close(function(A=2 * a, x=v / 2, z=w, t=np.array(2.0), U=np.ones(4)), 8 * WANTED)
        assert close(function(A=a, x=v[:, None], z=w, p=5), 5 * WANTED)
        with pytest.raises(InputError):
            function(A=a, x=v, z=v, t=2.0, U=np.ones(5))
        with pytest.raises(InputError):
            function(A=a, x=v.astype(complex), z=w, t=2.0, U=np.ones(5))
    squared = compile_function(power(t, 2), [t])
    for value in (3.0, np.array(3.0), np.array([[3.0]]), 3) * 2:
        assert squared(t=value).shape == ()


@pytest.mark.parametrize(
    "value", [3, 3.0, np.float64(3), np.float32(3), np.int64(3), np.array(3), np.array(3.0), np.array([[3]])]
)
def test_scalars(value: object) -> None:
    out = compile_function(power(t, 2), [t])(t=value)
    assert out == 9.0
    assert isinstance(out, np.ndarray)
    assert (out.shape, out.dtype) == ((), np.float64)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"A": a, "x": v}, "missing z ((m,))"),
        ({}, "missing A ((m, n)), x ((n,)), z ((m,))"),
        ({"A": a, "x": v, "z": w, "b": 1.0}, "no argument 'b'"),
        ({"a": a, "x": v, "z": w}, "Did you mean 'A'?"),
        ({"A": a, "x": w, "z": w}, "the size n is 2 on axis 0 of x of shape (2,), but 3 by axis 1 of A"),
        ({"A": a, "x": v, "z": w, "n": 4}, "the size n is 3 on axis 1 of A of shape (2, 3), but 4 by the size given"),
        ({"A": a, "x": v, "z": w, "n": 3.0}, "n: a size is a whole number, got float"),
        ({"A": a, "x": v, "z": w, "n": True}, "n: a size is a whole number, got bool"),
        ({"A": a, "x": v, "z": w, "t": v}, "t: a number is needed, got an array of shape (3,)"),
        ({"A": v, "x": v, "z": w}, "A: an array of shape (m, n) is needed, got an array of shape (3,)"),
        ({"A": a, "x": a, "z": w}, "x: an array of shape (n,) is needed, got an array of shape (2, 3)"),
        ({"A": a, "x": v[None, :], "z": w}, "x: an array of shape (n,) is needed, got an array of shape (1, 3)"),
        ({"A": a, "x": 1.0, "z": w}, "x: an array of shape (n,) is needed, got a number"),
        ({"A": a.tolist(), "x": v, "z": w}, "A: a NumPy array is needed, got list; wrap it as np.array(A)"),
        ({"A": None, "x": v, "z": w}, "A: a NumPy array is needed, got NoneType"),
        ({"A": a > 1, "x": v, "z": w}, "A: an array of real numbers is needed, got dtype bool"),
        ({"A": a.astype(object), "x": v, "z": w}, "got dtype object"),
        ({"A": a.astype(str), "x": v, "z": w}, "A: an array of real numbers is needed, got dtype <U"),
        ({"A": a + 0j, "x": v, "z": w}, "A: an array of real numbers is needed, got dtype complex128"),
        ({"A": np.ma.masked_array(a), "x": v, "z": w}, "A: real numbers are needed, got MaskedArray"),
        ({"A": a, "x": v, "z": w, "t": True}, "t: real numbers are needed, got bool"),
        ({"A": a, "x": v, "z": w, "t": "1"}, "t: real numbers are needed, got str"),
        ({"A": a, "x": v, "z": w, "t": 1j}, "t: a number is needed, got complex"),
        ({"A": a, "x": v, "z": w, "t": 10**400}, "t: the number is beyond the range of floating point"),
        ({"A": a[:, :0], "x": v[:0], "z": w}, "the size n must be at least 1; it is 0 by axis 1 of A"),
    ],
)
def test_wrong_arguments(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        lsq()(**given)
    assert message in str(caught.value)


def test_positional_arguments_are_refused() -> None:
    with pytest.raises(InputError, match=r"by name: derivative\(A=..., x=..., z=...\)"):
        lsq()(a, v, w)


def test_a_size_that_only_the_answer_needs() -> None:
    e = product(num(2), identity(N))
    function = compile_function(e, [A, x, t])
    assert close(function(n=2), 2 * np.eye(2))
    assert close(function(A=a), 2 * np.eye(3))
    assert close(function(x=v), 2 * np.eye(3))
    assert close(function(x=v, n=3), 2 * np.eye(3))
    with pytest.raises(InputError, match="the size n does not follow from the arrays; give it as n="):
        function(t=1.0)
    with pytest.raises(InputError, match="the size n is 3"):
        function(x=v, n=2)
    with pytest.raises(InputError, match="the size n must be at least 1"):
        function(n=0)
    space: dict[str, object] = {}
    exec(function.source, space)
    for given in ({"n": 3}, {"A": a}, {"x": v}):
        assert close(space["derivative"](**given), 2 * np.eye(3))  # type: ignore[operator]


def test_sizes_that_are_expressions() -> None:
    u, q = symbol("u", P - 1), symbol("q", 2 * N, P)
    e = product(f.size(P), f.size(N), f.sum(u), f.sum(q))
    function = compile_function(e, [u, q])
    assert function(u=np.ones(2), q=np.ones((4, 3))) == 3 * 2 * 2 * 12
    with pytest.raises(InputError, match="u: axis 0 has length 3, but must have length p - 1 = 2 with p = 3"):
        function(u=np.ones(3), q=np.ones((4, 3)))
    with pytest.raises(InputError, match="q: axis 0 has length 5, which is not 2\\*n for any size n"):
        function(u=np.ones(2), q=np.ones((5, 3)))
    alone = compile_function(product(f.size(P), u), [u])
    assert close(alone(u=np.ones(2)), 3 * np.ones(2))
    fixed = compile_function(f.sum(symbol("r", Dim.of(3))), [symbol("r", Dim.of(3))])
    assert fixed(r=np.ones(3)) == 3
    with pytest.raises(InputError, match="r: axis 0 has length 4, but must have length 3"):
        fixed(r=np.ones(4))
    square = symbol("V", N * (N + 1) * Fraction(1, 2))
    with pytest.raises(InputError, match="the size n does not follow"):
        compile_function(product(f.size(N), square), [square])(V=np.ones(6))
    assert close(compile_function(product(f.size(N), square), [square])(V=np.ones(6), n=3), 3 * np.ones(6))
    with pytest.raises(InputError, match=r"V: axis 0 has length 5, but must have length n\*\(n \+ 1\)/2 = 6 with n = 3"):
        compile_function(product(f.size(N), square), [square])(V=np.ones(5), n=3)


def test_declared_axes() -> None:
    column, one, single = symbol("c", N, ONE), symbol("o", ONE), symbol("q", ONE, ONE)
    function = compile_function(product(num(2), column), [column], tensor=tensor_shape((ONE, ONE), [column]))
    assert close(function(c=v[:, None]), 2 * v[:, None])
    with pytest.raises(InputError, match="an array of shape \\(n, 1\\) is needed"):
        function(c=v)
    double = compile_function(product(num(2), one), [one], tensor=tensor_shape((ONE, ONE), [one]))
    assert close(double(o=np.array([3.0])), np.array([6.0]))
    double = compile_function(product(num(2), single), [single], tensor=tensor_shape((ONE, ONE), [single]))
    assert close(double(q=np.array([[3.0]])), np.array([[6.0]]))
    assert close(double(q=3.0), np.array([[6.0]]))


def test_matrix_form() -> None:
    assert close(lsq(form="matrix")(A=a, x=v, z=w), WANTED[:, None])
    assert close(compile_function(t, [t], form="matrix")(t=2), np.array([[2.0]]))
    assert close(compile_function(transpose(x), form="matrix")(x=v), v[None, :])
    with pytest.raises(InputError, match="form: one of 'tensor', 'matrix' is needed, got 'vector'"):
        lsq(form="vector")
    with pytest.raises(InputError, match="name: "):
        lsq(name="a b")


def test_tensor_axes() -> None:
    one, k = ONE, Dim.of("k")
    assert tensor_shape((one, one), []) == ()
    assert tensor_shape((one, one), [t, x]) == (N,)
    assert tensor_shape((one, one), [X]) == (M, N)
    assert tensor_shape((one, one), [x, y]) == (N, N)
    assert tensor_shape((M, one), [x]) == tensor_shape((one, M), [x]) == (M, N)
    assert tensor_shape((M, k), [t, t]) == (M, k)
    assert tensor_shape((M, k), [X]) == (M, k, M, N)


def jacobian_entries(function: object, at: np.ndarray) -> np.ndarray:
    """Central differences of an array-valued function: output axes, then input axes."""
    out = []
    for i in np.ndindex(at.shape):
        d = np.zeros_like(at)
        d[i] = 1e-6
        out.append((np.asarray(function(at + d)) - np.asarray(function(at - d))) / 2e-6)  # type: ignore[operator]
    return np.moveaxis(np.array(out).reshape(at.shape + np.shape(out[0])), range(at.ndim), range(-at.ndim, 0))


def test_tensor_form_has_the_entries_of_the_derivative() -> None:
    rng = np.random.default_rng(0)
    b, c, u = rng.standard_normal((2, 3)), rng.standard_normal((3, 4)), rng.standard_normal(4)
    k, m, n, p = (Dim.of(s) for s in "kmnp")
    B1, X1, C1, u1 = symbol("B", k, m), symbol("X", m, n), symbol("C", n, p), symbol("u", n)
    at, c4 = rng.standard_normal((3, 4)), rng.standard_normal((4, 5))
    # d vec(B X C) = kron(C', B) d vec X
    function = compile_function(f.kron(transpose(C1), B1), [B1, C1, X1], tensor=tensor_shape((k, p), [X1]))
    assert close(function(B=b, C=c4), jacobian_entries(lambda X: b @ X @ c4, at), 1e-7)
    # d (X u) = kron(u', I) d vec X
    function = compile_function(f.kron(transpose(u1), identity(m)), [X1, u1], tensor=tensor_shape((m, ONE), [X1]))
    assert close(function(X=at, u=u), jacobian_entries(lambda X: X @ u, at), 1e-7)
    # d vec(x x') = (kron(x, I) + kron(I, x)) dx
    e = total(f.kron(x, identity(N)), f.kron(identity(N), x))
    assert close(
        compile_function(e, [x], tensor=tensor_shape((N, N), [x]))(x=u), jacobian_entries(lambda v: np.outer(v, v), u), 1e-7
    )
    # the Hessian of tr(X' X) is 2 I on vec X
    e = product(num(2), identity(m * n))
    hessian = compile_function(e, [X1], tensor=tensor_shape((ONE, ONE), [X1, X1]))(X=at)
    assert close(hessian, jacobian_entries(lambda X: 2 * X, at), 1e-7)
    # third order: rows are vec of the Hessian; sum(x.^4) has diag(12 x^2), then 24 x on the diagonal
    e = product(num(24), f.khatrirao(identity(N), identity(N)), f.diag(x))
    third = compile_function(e, [x], tensor=tensor_shape((ONE, ONE), [x, x, x]))(x=u)
    assert close(third, jacobian_entries(lambda v: np.diag(12 * v**2), u), 1e-6)
    assert c.shape == (3, 4)


def test_result_is_independent_of_the_arguments() -> None:
    given = a.copy()
    for e in (A, transpose(A), f.index(A, ONE, ONE, ONE, N), f.vec(A), f.named(A, "Q"), f.unvec(f.vec(A), N, M)):
        for form in ("matrix", "tensor"):
            out = compile_function(e, [A], form=form)(A=given)
            assert not np.shares_memory(out, given)
            out[...] = 7.0
    assert np.array_equal(given, a)
    out = compile_function(f.diagonal(B), [B])(B=np.eye(2))
    out[...] = 1.0


def test_names_that_python_does_not_take() -> None:
    names = [symbol(n) for n in ("lambda", "np", "softmax", "Σ", "x_1", "ϕ", "None", "t1")]
    function = compile_function(product(f.sum(f.softmax(x)), *names, f.log(names[0]), f.log(names[0])), [*names, x])
    values = {s.params[0]: 2.0 for s in names}
    assert function(**values, x=v) == pytest.approx(2.0**8 * np.log(2.0) ** 2)
    values["lambda_"], values["φ"] = values.pop("lambda"), values.pop("ϕ")
    assert function(**values, x=v) == pytest.approx(2.0**8 * np.log(2.0) ** 2)
    assert "lambda_" in function.source
    size_too = symbol("n")
    assert compile_function(product(size_too, f.size(N), f.sum(x)), [size_too, x])(n=2.0, x=v) == 12.0


def test_source_is_complete_and_readable() -> None:
    function = compile_function(residual, [A, x, z], title='2*A\'*(A*x - z), \\ and """')
    namespace: dict[str, object] = {}
    exec(function.source, namespace)
    alone = namespace["derivative"]
    assert close(alone(A=a.tolist(), x=v[:, None], z=w), WANTED)  # type: ignore[operator]
    assert function.source.startswith("import numpy as np\n")
    assert "return np.ravel(2 * (A.T @ (A @ x - z)))" in function.source
    assert "2*A'*(A*x - z)" in (function.__doc__ or "")
    assert inspect.getsource(function._run).startswith("def derivative(*, A, x, z):")
    assert repr(function) == "<derivative(A=..., x=..., z=...)>"


def test_pickle() -> None:
    again = pickle.loads(pickle.dumps(lsq()))
    assert close(again(A=a, x=v, z=w), WANTED)


def test_constants() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compile_function(num(Fraction(1, 3)))() == 1 / 3
        assert close(compile_function(f.zeros(N, ONE), [x])(x=v), np.zeros(3))
        assert close(compile_function(f.blocks(num(1), num(2), (2,)), form="matrix")(), np.array([[1.0, 2.0]]))
        assert compile_function(f.size(N * (N + 1) * Fraction(1, 2)))(n=4) == 10.0
    with pytest.raises(InputError, match="beyond the range of floating point"):
        compile_function(num(10**400))
    with pytest.raises(InputError, match="dX is a direction"):
        compile_function(f.tangent("X", N, N))
