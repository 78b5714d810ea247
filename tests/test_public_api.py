"""The public interface, by name: a change here is a change for users."""

import subprocess
import sys

import closedform

PUBLIC = {
    "Derivative",
    "Expr",
    "InputError",
    "Refusal",
    "VerificationError",
    "check",
    "check_derivation",
    "derive",
    "equal",
    "gradient",
    "gradients",
    "hessian",
    "jacobian",
    "layouts",
    "limits",
    "parse",
    "simplify",
    "which_layout",
}


def test_the_public_names_are_these() -> None:
    assert set(closedform.__all__) - {"__version__"} == PUBLIC


def test_every_public_name_resolves_and_is_listed() -> None:
    for name in PUBLIC:
        assert getattr(closedform, name) is not None
    assert set(dir(closedform)) >= PUBLIC


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(closedform, "no_such_name")


def test_errors_are_value_errors() -> None:
    assert issubclass(closedform.InputError, ValueError)
    assert issubclass(closedform.Refusal, closedform.InputError)
    assert not issubclass(closedform.VerificationError, closedform.InputError)


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert closedform.__version__ == version("closedform")


def test_importing_the_package_loads_no_third_party_module() -> None:
    code = (
        "import sys; import closedform; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'rich', 'jax', 'torch'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
