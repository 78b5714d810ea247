"""A formula as a Python function on NumPy arrays, with its source."""

from __future__ import annotations

import builtins
import difflib
import keyword
import linecache
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from closedform.codegen import helpers
from closedform.codegen.arguments import FLOAT, Argument, axes_of, linear, plain_name, settle
from closedform.codegen.batch import batched
from closedform.codegen.lower import lower
from closedform.codegen.numpy_target import Emitted, emit, size_text
from closedform.codegen.program import Pass, Program
from closedform.codegen.stable import stable
from closedform.core.bound import MARK
from closedform.core.dim import Dim
from closedform.core.errors import InputError, Refusal
from closedform.core.expr import Expr, Shape
from closedform.core.limits import counted
from closedform.core.walk import leaves

FORMS = ("tensor", "matrix")
PASSES: tuple[Pass, ...] = ()
"""Optimisations of the program, in the order in which they are made."""

RESERVED = frozenset({*keyword.kwlist, *dir(builtins), "np", "scipy", *helpers.KNOWN})
"""Names that arguments do not take in the source."""


Key = tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]
"""Names and shapes of the arguments of a call."""

Plan = tuple[tuple[str, ...], dict[str, int]]
"""What a call with known names and shapes drops, and the sizes that it passes."""

MOST_PLANS = 64
"""For so many combinations of shapes a function remembers that they fit."""


class GeneratedFunction:
    """A function of arrays given by name.  ``source`` is its complete text, which works on its own as well."""

    def __init__(self, source: str, name: str, arguments: Sequence[Argument], sizes: Mapping[str, str]) -> None:
        self.source = source
        self.__name__ = name
        self.arguments = tuple(arguments)
        self._sizes = dict(sizes)
        self._known = {a.name: a for a in self.arguments}
        self._known.update((a.label, a) for a in self.arguments if a.label not in self._known)
        self._needed = [a for a in self.arguments if a.needed]
        self._size_names = frozenset(n for a in self.arguments for d in a.dims for n in d.names) | self._sizes.keys()
        self._plans: dict[Key, Plan] = {}
        self._run = _executed(source, name)
        self.__doc__ = self._run.__doc__

    def __call__(self, *unnamed: Any, **given: Any) -> Any:
        if unnamed:
            raise InputError(f"{self.__name__}: arguments are given by name: {self._usage()}")
        shapes = []
        for value in given.values():
            if value.__class__ is np.ndarray and value.dtype is FLOAT:
                shapes.append(value.shape)
            elif value.__class__ is float:
                shapes.append(())
            else:
                return self._checked(given, None)
        signature = (tuple(given), tuple(shapes))
        plan = self._plans.get(signature)
        if plan is None:
            return self._checked(given, signature)
        unneeded, sizes = plan
        for name in unneeded:
            del given[name]
        return self._run(**given, **sizes)

    def _checked(self, given: Mapping[str, Any], signature: Key | None) -> Any:
        """The value after a full check; what it finds is kept for calls with arrays of the same shapes."""
        arrays: dict[str, Any] = {}
        sizes: dict[str, int] = {}
        for key, value in given.items():
            argument = self._known.get(key)
            if argument is not None:
                arrays[argument.label] = argument.read(value)
            else:
                self._read_size(key, value, sizes)
        if len(arrays) < len(self._needed) or any(a.label not in arrays for a in self._needed):
            self._refuse_missing(arrays)
        sizes = settle(self.arguments, arrays, sizes)
        passed = {a.label: arrays[a.label] for a in self._needed}
        for size, label in self._sizes.items():
            if size not in sizes:
                raise InputError(f"{self.__name__}: the size {size} does not follow from the arrays; give it as {size}=")
            passed[label] = sizes[size]
        if signature is not None and len(self._plans) < MOST_PLANS and all(self._passes(n, v) for n, v in given.items()):
            unneeded = tuple(n for n in given if n not in passed)
            self._plans[signature] = (unneeded, {label: passed[label] for label in self._sizes.values()})
        return self._run(**passed)

    def _passes(self, name: str, value: Any) -> bool:
        """Can the value go into the code as it is, under its own name?"""
        argument = self._known.get(name)
        return argument is not None and argument.label == name and np.ndim(value) == argument.axes

    def _read_size(self, key: str, value: Any, sizes: dict[str, int]) -> None:
        if key not in self._size_names:
            raise self._unknown(key)
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InputError(f"{key}: a size is a whole number, got {type(value).__name__}")
        sizes[key] = int(value)

    def _unknown(self, key: str) -> InputError:
        known = [*(a.name for a in self.arguments), *sorted(self._size_names)]
        close = [n for n in known if n.lower() == key.lower()] or difflib.get_close_matches(key, known, 1)
        hint = f". Did you mean {close[0]!r}?" if close else ""
        return InputError(f"{self.__name__}: there is no argument {key!r}; it is called as {self._usage()}{hint}")

    def _refuse_missing(self, arrays: Mapping[str, Any]) -> None:
        missing = [a for a in self._needed if a.label not in arrays]
        if missing:
            listed = ", ".join(f"{a.name} ({a.shape})" if a.dims else f"{a.name} (a number)" for a in missing)
            raise InputError(f"{self.__name__}: missing {listed}; it is called as {self._usage()}")

    def _usage(self) -> str:
        names = [a.name for a in self.arguments if a.needed] + list(self._sizes)
        return f"{self.__name__}({', '.join(f'{n}=...' for n in names)})"

    def __repr__(self) -> str:
        return f"<{self._usage()}>"

    def __reduce__(self) -> tuple[object, ...]:
        return GeneratedFunction, (self.source, self.__name__, self.arguments, self._sizes)


def _executed(source: str, name: str) -> Callable[..., Any]:
    file = f"<closedform {name} {abs(hash(source)):x}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # for tracebacks
    space: dict[str, Any] = {"__name__": "closedform.generated"}
    exec(compile(source, file, "exec"), space)
    function: Callable[..., Any] = space[name]
    return function


def output_axes(shape: Shape) -> tuple[Dim, ...]:
    """The axes of an output: none for a scalar, one for a row or a column, else two.

    >>> output_axes((Dim.of(1), Dim.of("n")))
    (Dim(n),)
    """
    return tuple(d for d in shape if d.integer != 1)


def tensor_shape(output: Shape, variables: Iterable[Expr | tuple[Dim, ...]]) -> tuple[Dim, ...]:
    """The axes of a derivative as jax.grad, jax.jacobian and jax.hessian order them: those of the output, then those of
    each variable in turn.  A variable is a symbol or the axes it is declared with.

    >>> m, n = Dim.of("m"), Dim.of("n")
    >>> tensor_shape((m, Dim.of(1)), [(n,), (n, n)])
    (Dim(m), Dim(n), Dim(n), Dim(n))
    """
    axes = output_axes(output)
    for v in variables:
        axes += axes_of(v) if isinstance(v, Expr) else v
    return axes


@counted
def compile_function(
    expr: Expr,
    symbols: Sequence[Expr] = (),
    *,
    form: str = "tensor",
    tensor: tuple[Dim, ...] | None = None,
    name: str = "derivative",
    title: str = "",
) -> GeneratedFunction:
    """The function that computes an expression.

    ``symbols`` are all declared names in the order of the arguments.  ``form="matrix"`` gives the value of the
    expression with two axes.  ``form="tensor"`` gives it the axes ``tensor`` (see ``tensor_shape``), for which the
    expression must be in mixed layout: then the entries of both are in the same order, column by column.

    >>> from closedform.core.op import f
    >>> n = Dim.of("n")
    >>> x = f.symbol("x", n, Dim.of(1), 1, frozenset())
    >>> f2 = compile_function(f.mul(f.number(__import__("fractions").Fraction(2)), x), [x], tensor=(n,))
    >>> f2(x=np.array([1.0, 2.0]))
    array([2., 4.])
    """
    if not name.isidentifier() or name in RESERVED:
        raise InputError(f"name: the name of a Python function is needed, got {name!r}")
    if not isinstance(form, str) or form not in FORMS:
        raise InputError(f"form: one of {', '.join(map(repr, FORMS))} is needed, got {form!r}")
    axes = output_axes(expr.shape) if tensor is None else tensor
    program = lower(batched(stable(expr)), axes if form == "tensor" else None)
    for optimise in PASSES:
        program = optimise(program)
    for tangent in leaves(expr, "tangent"):
        raise Refusal(f"code: d{tangent.params[0]} is a direction, not an argument")
    listed = list(dict.fromkeys((*symbols, *leaves(expr, "symbol"), *leaves(expr, "family"))))
    return _Text(program, listed, form, axes, name, title).function()


class _Text:
    """The source of a function, put together."""

    def __init__(
        self, program: Program, symbols: Sequence[Expr], form: str, tensor: tuple[Dim, ...], name: str, title: str
    ) -> None:
        self.program, self.symbols, self.form, self.tensor, self.name, self.title = program, symbols, form, tensor, name, title
        order = program.order()
        used = {v.params[0] for v in order if v.op == "name"}
        axes = {s.params[0]: axes_of(s) for s in symbols}
        labels = _labels(axes, frozenset())
        self.arguments = [Argument(n, labels[n], axes[n], n in used) for n in axes]
        dims = [d for v in order for d in _dims(v.params)]
        self.places = [program.places[v] for v in order if v in program.places]
        dims += [family.rows for family, _ in self.places]
        if form == "tensor" and len(tensor) > 2 and not program.shaped:
            dims += tensor
        needed = dict.fromkeys(n for d in dims for n in sorted(d.names) if not n.startswith(MARK))
        self.sizes = _labels(needed, frozenset(labels.values()))
        self.families = {s.params[0] for s in symbols if s.op.name == "family"}
        integers = {s.params[0] for s in symbols if "integer" in s.params[4]}
        self.counts = {a.name: a for a in self.arguments if a.name in needed and a.name in integers and not a.dims}
        for a in self.counts.values():  # a declared integer that counts terms or factors
            a.needed = True

    def function(self) -> GeneratedFunction:
        emitted = emit(self.program, {a.name: a.label for a in self.arguments}, self.sizes, RESERVED)
        read, passed = self._size_lines()
        body = [*self._conversions(), *read, *self._places(), *emitted.statements, "return " + self._result(emitted)]
        parameters = [a.label if a.needed else f"{a.label}=None" for a in self.arguments]
        parameters += [f"{self.sizes[n]}=None" if optional else self.sizes[n] for n, optional in passed.items()]
        signature = "*, " + ", ".join(parameters) if parameters else ""
        body = [*self._docstring(), *body]
        imports, defined, unknown = helpers.wanted([*read, *emitted.statements, emitted.result.text])
        if unknown:
            raise Refusal(f"code: NumPy code for {', '.join(sorted(unknown))} is not available")
        pieces = ["\n".join(imports) + "\n", *(helpers.SOURCES[h].lstrip("\n") for h in defined)]
        pieces.append(f"def {self.name}({signature}):\n" + "".join(f"    {line}\n" if line else "\n" for line in body))
        return GeneratedFunction("\n\n".join(pieces), self.name, self.arguments, {n: self.sizes[n] for n in passed})

    def _docstring(self) -> list[str]:
        lines = textwrap.wrap(self.title, 110) if self.title else []
        shapes = "; ".join(f"{a.name}: {a.shape}" for a in self.arguments)
        lines += textwrap.wrap(shapes, 110) if shapes else []
        text = "\n".join(lines).replace("\\", "\\\\").replace('"', "'")
        if not text:
            return []
        first, *rest = text.split("\n")
        return ['"""' + first, *rest, '"""'] if rest else [f'"""{first}"""']

    def _conversions(self) -> list[str]:
        out = []
        for a in self.arguments:
            if not a.needed:
                continue
            if not a.dims:
                out.append(f"{a.label} = np.float64({a.label})")
                continue
            single = all(d.integer == 1 for d in a.dims) and a.name not in self.families
            shape = ".reshape(())[()]" if single else ".reshape(-1, 1)" if a.axes == 1 else ""
            out.append(f"{a.label} = np.asarray({a.label}, dtype=float){shape}")
        return out

    def _size_lines(self) -> tuple[list[str], dict[str, bool]]:
        """Lines that read the sizes off the arrays; the sizes that must be passed, and whether they may be left out."""
        lines: list[str] = []
        passed: dict[str, bool] = {}
        for name, label in self.sizes.items():
            if name in self.counts:
                lines.append(f"{label} = whole({self.counts[name].label})")
                continue
            source = self._read(name, [a for a in self.arguments if a.needed], direct=True)
            if source:
                lines.append(f"{label} = {source[0][1]}")
                continue
            choices = self._read(name, [a for a in self.arguments if not a.needed], direct=False)
            passed[name] = bool(choices)
            for argument, text in choices:
                lines += [f"if {label} is None and {argument.label} is not None:", f"    {label} = {text}"]
        return lines, passed

    def _places(self) -> list[str]:
        """Lines that refuse a member that a family does not have."""
        found: dict[str, str] = {}
        for family, place in self.places:
            at, count = size_text(place, self.sizes).text, size_text(family.rows, self.sizes).text
            condition = f"{at} <= {count}" if place.integer is not None else f"1 <= {at} <= {count}"
            found[condition] = f'raise IndexError(f"{family.params[0]} has the members 1 to {{{count}}}")'
        return [line for condition, stop in found.items() for line in (f"if not {condition}:", f"    {stop}")]

    def _read(self, name: str, arguments: Sequence[Argument], *, direct: bool) -> list[tuple[Argument, str]]:
        """The expressions that give a size, one for each argument that has it, plain ones first."""
        plain, solved = [], []
        for a in arguments:
            if all(d.integer == 1 for d in a.dims):
                continue
            for axis, d in enumerate(a.dims):
                shape = f"{a.label}.shape[{axis}]" if direct else f"np.shape({a.label})[{axis}]"
                if plain_name(d) == name:
                    plain.append((a, shape))
                    break
                form = linear(d)
                if form is not None and form[0] == name and form[1].denominator == 1 and form[1] > 0:
                    constant = form[2].integer or 0
                    text = shape if not constant else f"{shape} {'-' if constant > 0 else '+'} {abs(constant)}"
                    scaled = f"({text})" if constant else text
                    solved.append((a, text if form[1] == 1 else f"{scaled} // {form[1]}"))
                    break
        return plain + solved

    def _result(self, emitted: Emitted) -> str:
        text, value = emitted.result, self.program.result
        if self.program.shaped and self.tensor:
            return text.text if emitted.fresh else f"np.array({text.text})"
        if value.is_scalar:
            if self.form == "matrix" or self.tensor:
                ones = "(1, 1)" if self.form == "matrix" else "(" + "1, " * (len(self.tensor) - 1) + "1,)"
                return f"np.full({ones}, {text.text}, dtype=float)"
            return f"np.asarray({text.text}, dtype=float)"
        if self.form == "matrix" or len(self.tensor) == 2:
            return text.text if emitted.fresh else f"np.array({text.text})"
        inside = text.text if emitted.fresh else f"np.array({text.text})"
        if len(self.tensor) == 1:
            return f"np.ravel({inside})"
        shape = [size_text(d, self.sizes) for d in self.tensor]
        listed = ", ".join(t.text for t in shape)
        return f'np.reshape({inside}, ({listed}), order="F")'


def _dims(params: Iterable[object]) -> list[Dim]:
    out: list[Dim] = []
    for p in params:
        if isinstance(p, Dim):
            out.append(p)
        elif isinstance(p, tuple):
            out += _dims(p)
    return out


def _labels(names: Iterable[str], taken: frozenset[str]) -> dict[str, str]:
    """Python identifiers for declared names."""
    out: dict[str, str] = {}
    used = {*RESERVED, *taken}
    for name in names:
        label = "".join(ch if ("_" + ch).isidentifier() else "_" for ch in unicodedata.normalize("NFKC", name))
        if not label.isidentifier():
            label = "_" + label
        while label in used:
            label += "_"
        used.add(label)
        out[name] = label
    return out
