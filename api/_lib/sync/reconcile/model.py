"""What a comparison finds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

MOST_SHOWN = 50


class Kind(StrEnum):
    """How the two stores differ."""

    MISSING_IN_AIRTABLE = "missing_in_airtable"
    ONLY_IN_AIRTABLE = "only_in_airtable"
    FIELD_MISMATCH = "field_mismatch"
    LINK_MISMATCH = "link_mismatch"
    DUPLICATE = "duplicate"
    ORPHAN_LINK = "orphan_link"
    RESURRECTED = "resurrected"
    PARITY = "parity"
    PENDING = "pending"
    """Differs, but an event is on its way: reported, no difference."""


class Difference(Struct, frozen=True):
    """One record in which the stores differ; values only when they were asked for."""

    kind: Kind
    entity_id: str | None = None
    record_id: str | None = None
    fields: tuple[str, ...] = ()
    values: Mapping[str, tuple[object, object]] | None = None
    """Ours and Airtable's, by field."""


class Scope(Struct, frozen=True):
    """What is compared: everything, or a part."""

    since: datetime | None = None
    """Only what changed since then, on either side."""
    sample: int | None = None
    """Only so many records, picked at random."""
    counts_only: bool = False
    show_values: bool = False


class Comparison(Struct):
    """The result for one kind of records."""

    entity: str
    postgres: int = 0
    airtable: int = 0
    matched: int = 0
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0.0
    calls: int = 0
    error: str | None = None
    note: str | None = None

    def add(self, kind: Kind, **facts: object) -> None:
        """Note a difference."""
        self.differences.append(Difference(kind, **facts))  # type: ignore[arg-type]  # passed through

    @property
    def counts(self) -> dict[str, int]:
        """Every figure by its name."""
        found = Counter(str(difference.kind) for difference in self.differences)
        kinds = {str(kind): found[str(kind)] for kind in Kind}
        return {
            "postgres": self.postgres,
            "airtable": self.airtable,
            "matched": self.matched,
            **kinds,
        }

    @property
    def real(self) -> list[Difference]:
        """The differences that nothing on its way will end."""
        return [item for item in self.differences if item.kind is not Kind.PENDING]

    @property
    def ok(self) -> bool | None:
        """Whether both agree; None when they could not be compared."""
        return None if self.error is not None else not self.real

    def shown(self) -> list[Difference]:
        """The first fifty of each kind."""
        taken: Counter[Kind] = Counter()
        found = []
        for difference in self.differences:
            taken[difference.kind] += 1
            if taken[difference.kind] <= MOST_SHOWN:
                found.append(difference)
        return found


class Report(Struct):
    """The results of a run."""

    comparisons: list[Comparison] = field(default_factory=list)
    repaired: int = 0
    adopted: int = 0
    left: int = 0
    """Repairs that wait for another run, because one may make only so many events."""

    @property
    def exit_code(self) -> int:
        """0 no difference, 1 differences, 2 a kind could not be compared."""
        verdicts: Sequence[bool | None] = [item.ok for item in self.comparisons]
        if None in verdicts:
            return 2
        return 0 if all(verdicts) else 1
