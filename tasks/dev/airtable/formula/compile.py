"""Turns a parsed formula into one function per record, checked against the table's fields."""

import inspect
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from tasks.dev.airtable.formula.functions import FUNCTIONS
from tasks.dev.airtable.formula.parser import Call, FieldRef, FormulaError, Literal, Node, parse
from tasks.dev.airtable.formula.values import Value


class Row(Protocol):
    """What a formula can ask of a record."""

    def record_id(self) -> str:
        """The id."""

    def created(self) -> datetime:
        """The time of creation."""

    def modified(self) -> datetime:
        """The time of the last change."""

    def now(self) -> datetime:
        """The current time."""

    def value(self, field: str) -> Value:
        """The cell of a field, by name."""


Evaluate = Callable[[Row], Value]

OF_THE_ROW: Final[dict[str, Evaluate]] = {
    "RECORD_ID": lambda row: row.record_id(),
    "CREATED_TIME": lambda row: row.created(),
    "LAST_MODIFIED_TIME": lambda row: row.modified(),
    "NOW": lambda row: row.now(),
    "TODAY": lambda row: row.now().replace(hour=0, minute=0, second=0, microsecond=0),
}


@dataclass(frozen=True)
class Compiled:
    """A formula ready to run; `only_ids` are the sole records it can hold for, if known."""

    run: Evaluate
    only_ids: frozenset[str] | None
    fields: frozenset[str]


def compile_formula(source: str, fields: Set[str]) -> Compiled:
    """Compile a formula for a table with these field names or raise FormulaError."""
    tree = parse(source)
    used = frozenset(_fields(tree))
    if unknown := sorted(used - fields):
        raise FormulaError(f"Unknown field names: {', '.join(unknown).lower()}")
    return Compiled(_build(tree), _only_ids(tree), used)


def _fields(node: Node) -> list[str]:
    if isinstance(node, FieldRef):
        return [node.name]
    return [f for arg in node.args for f in _fields(arg)] if isinstance(node, Call) else []


def _build(node: Node) -> Evaluate:
    if isinstance(node, Literal):
        constant = node.value
        return lambda row: constant
    if isinstance(node, FieldRef):
        name = node.name
        return lambda row: row.value(name)
    return _build_call(node)


def _build_call(node: Call) -> Evaluate:
    if node.name in OF_THE_ROW:
        return OF_THE_ROW[node.name]
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise FormulaError(f"Unknown function names: {node.name}")
    _check_arity(node, function)
    args = [_build(arg) for arg in node.args]
    return lambda row: function(*[arg(row) for arg in args])


def _check_arity(node: Call, function: Callable[..., Value]) -> None:
    try:
        inspect.signature(function).bind(*node.args)
    except TypeError:
        raise FormulaError(f"Invalid arguments for function {node.name}") from None


def _only_ids(node: Node) -> frozenset[str] | None:
    """Spot `RECORD_ID()='rec…'` and an OR of such, so that a fetch by ids need not scan."""
    if not isinstance(node, Call):
        return None
    if node.name == "OR":
        parts = [_only_ids(arg) for arg in node.args]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if len(known) == len(parts) else None
    if node.name == "=" and Call("RECORD_ID", ()) in node.args:
        return frozenset(str(arg.value) for arg in node.args if isinstance(arg, Literal))
    return None
