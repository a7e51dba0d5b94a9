"""Who may have which address, so that no two live people ever share one."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from api._lib.accounts.rules.known import Known
from api._lib.accounts.rules.records import Record


def refused_addresses(
    records: Sequence[Record],
    known: Mapping[str, Known],
    batch: Collection[str],
    gone: Collection[str],
) -> set[str]:
    """Records that cannot have the address they name, because a live record has it."""
    wanted = [record for record in records if not _has_address(record, known[record.id])]
    owned = {record.email for record in records if _has_address(record, known[record.id])}
    claims = Counter(record.email for record in wanted)
    refused = {r.id for r in wanted if r.email in owned or claims[r.email] > 1}
    while late := {
        record.id
        for record in wanted
        if record.id not in refused
        and not _is_free(known[record.id], {r.id for r in wanted} - refused, batch, gone)
    }:
        refused |= late
    return refused


def _has_address(record: Record, here: Known) -> bool:
    return here.row is not None and here.row.email == record.email


def _is_free(
    here: Known, moving: Collection[str], batch: Collection[str], gone: Collection[str]
) -> bool:
    """Whether nobody has the address, or who has it leaves it or is gone from Airtable."""
    if here.rival is None or here.rival in moving:
        return True
    if here.rival in batch:
        return False
    return here.rival_status == "deleted" or (here.row is None and here.rival in gone)
