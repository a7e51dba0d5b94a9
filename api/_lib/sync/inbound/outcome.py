"""How an import ended, in the counts that operators see."""

from collections.abc import Mapping

from msgspec import Struct, structs


class Outcome(Struct):
    """Counts of one table; `failed` are records that could not be taken."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: int = 0
    failed: int = 0
    warning: str | None = None
    """What an operator must look at, although the rest was stored."""

    def add(self, other: "Outcome") -> None:
        """Add the counts of another part."""
        for name, value in other.counts().items():
            setattr(self, name, getattr(self, name) + value)

    def counts(self) -> Mapping[str, int]:
        """The numbers alone."""
        return {
            name: value for name, value in structs.asdict(self).items() if isinstance(value, int)
        }
