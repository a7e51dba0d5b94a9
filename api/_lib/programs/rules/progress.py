"""How far a program is; the list and the detail count with the same functions."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct


class Progress(Struct, frozen=True):
    """The counters of a program."""

    total_sessions: int
    completed_sessions: int
    total_methods: int
    completed_methods: int
    preserved_completions: int


def completed_in_session(planned: Sequence[str], used: Collection[str]) -> list[str]:
    """Planned methods done at least once in the session, in planned order."""
    return [method for method in planned if method in used]


def is_completed(planned: int, completed: int) -> bool:
    """Whether a session is done: it planned something, and all of it was done."""
    return 0 < planned == completed


def progress(sessions: Iterable[tuple[int, int]], direct: int) -> Progress:
    """Counters from (planned, completed) of each session and the completions without session."""
    counts = list(sessions)
    return Progress(
        total_sessions=len(counts),
        completed_sessions=sum(is_completed(planned, done) for planned, done in counts),
        total_methods=sum(planned for planned, _ in counts),
        completed_methods=sum(done for _, done in counts) + direct,
        preserved_completions=direct,
    )
