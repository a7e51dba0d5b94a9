"""Turns formula text into a tree: literals, fields, calls and operators."""

import re
from dataclasses import dataclass
from typing import Final

TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | \{(?P<field>(?:[^}\\]|\\.)+)\}
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<op>!=|<>|<=|>=|[-+*/&=<>(),])
    | (?P<end>$)
    )""",
    re.VERBOSE | re.DOTALL,
)
LEVELS: Final = (("=", "!=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"))
ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


class FormulaError(ValueError):
    """The formula cannot be read or names something unknown."""


@dataclass(frozen=True)
class Literal:
    """A number or a text."""

    value: int | float | str


@dataclass(frozen=True)
class FieldRef:
    """A cell of the record, by field name."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function or an operator applied to its arguments."""

    name: str
    args: tuple["Node", ...]


Node = Literal | FieldRef | Call


def parse(source: str) -> Node:
    """Parse a whole formula or raise FormulaError."""
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.kind = self.word = ""
        self.advance()

    def advance(self) -> None:
        found = TOKEN.match(self.source, self.position)
        if found is None or found.lastgroup is None:
            raise FormulaError("Invalid formula. Please check your formula text.")
        self.position = found.end()
        self.kind, self.word = found.lastgroup, found[found.lastgroup]

    def whole(self) -> Node:
        node = self.level(0)
        if self.kind != "end":
            raise FormulaError("Invalid formula. Please check your formula text.")
        return node

    def level(self, depth: int) -> Node:
        if depth == len(LEVELS):
            return self.unary()
        node = self.level(depth + 1)
        while self.kind == "op" and self.word in LEVELS[depth]:
            operator = self.word
            self.advance()
            node = Call(operator, (node, self.level(depth + 1)))
        return node

    def unary(self) -> Node:
        if self.take("-"):
            return Call("-", (Literal(0), self.unary()))
        return self.operand()

    def operand(self) -> Node:
        if self.take("("):
            node = self.level(0)
            self.expect(")")
            return node
        kind, word = self.kind, self.word
        if kind in ("op", "end"):
            raise FormulaError("Invalid formula. Please check your formula text.")
        self.advance()
        return self.call(word) if kind == "name" else _atom(kind, word)

    def call(self, name: str) -> Node:
        if not self.take("("):
            return FieldRef(name)
        args: list[Node] = []
        while not self.take(")"):
            if args:
                self.expect(",")
            args.append(self.level(0))
        return Call(name.upper(), tuple(args))

    def take(self, operator: str) -> bool:
        if self.kind != "op" or self.word != operator:
            return False
        self.advance()
        return True

    def expect(self, operator: str) -> None:
        if not self.take(operator):
            raise FormulaError("Invalid formula. Please check your formula text.")


def _atom(kind: str, word: str) -> Node:
    if kind == "number":
        return Literal(float(word) if "." in word else int(word))
    if kind == "field":
        return FieldRef(_unescape(word))
    return Literal(_unescape(word[1:-1]))


def _unescape(word: str) -> str:
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), word, flags=re.DOTALL)
