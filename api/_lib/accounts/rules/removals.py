"""When a listing that lacks people is believed."""

FEW = 5
SHARE = 0.2


def are_too_many(absent: int, known: int, seen: int) -> bool:
    """Whether that many people cannot have left at once (sync 11.10.2)."""
    return seen == 0 or (absent > FEW and absent > SHARE * known)
