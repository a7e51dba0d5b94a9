"""Splits a migration file into its statements, so that each failure has a place."""

import re
from collections.abc import Iterator

from msgspec import Struct

TOKEN = re.compile(
    r"""
      --[^\n]*                      # a comment up to the end of the line
    | /\*                           # a comment that may hold others
    | [eE]'(?:[^'\\]|\\.|'')*'      # text with backslashes
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | \$(?:[^\W\d]\w*)?\$           # text up to the same mark
    | (?P<word>[^\W\d][\w$]*)
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)
COMMENT_EDGE = re.compile(r"/\*|\*/")
TRANSACTION_CONTROL = frozenset(
    {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"}
)


class Statement(Struct, frozen=True):
    """One statement and where it starts in its file, counted in characters."""

    sql: str
    offset: int
    words: tuple[str, ...]

    @property
    def controls_transaction(self) -> bool:
        """Whether it would end or divide the transaction the runner opened."""
        return self.words[:1] != () and (
            self.words[0] in TRANSACTION_CONTROL or self.words[:2] == ("PREPARE", "TRANSACTION")
        )


def split(sql: str) -> list[Statement]:
    """The statements of a file, without what stands between them."""
    found = []
    start: int | None = None
    words: list[str] = []
    end = depth = 0
    for token in _tokens(sql):
        if token.text == ";" and depth == 0:
            if start is not None:
                found.append(Statement(sql[start:end], start, tuple(words)))
            start, words = None, []
            continue
        start = token.start if start is None else start
        end = token.end
        if token.is_word:
            words.append(token.text.upper())
            depth = _depth_after(words, depth)
    if start is not None:
        found.append(Statement(sql[start:end], start, tuple(words)))
    return found


class _Token(Struct, frozen=True):
    text: str
    start: int
    end: int
    is_word: bool


def _tokens(sql: str) -> Iterator[_Token]:
    at = 0
    while match := TOKEN.search(sql, at):
        text, at = match.group(), match.end()
        if text == "/*":
            at = _after_comment(sql, at)
            continue
        if len(text) > 1 and text[0] == "$":
            closing = sql.find(text, at)
            at = len(sql) if closing < 0 else closing + len(text)
        if not text.startswith("--"):
            yield _Token(text, match.start(), at, match["word"] is not None)


def _after_comment(sql: str, at: int) -> int:
    depth = 1
    while depth and (edge := COMMENT_EDGE.search(sql, at)):
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
    return at if depth == 0 else len(sql)


def _depth_after(words: list[str], depth: int) -> int:
    """How deep in the body of a function in standard SQL, where semicolons end nothing."""
    if depth == 0:
        return int(words[0] == "CREATE" and words[-2:] == ["BEGIN", "ATOMIC"])
    return depth + {"CASE": 1, "END": -1}.get(words[-1], 0)
