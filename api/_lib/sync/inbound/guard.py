"""When so much is missing that a mistake is likelier than an intention."""

SHARE = 0.2
FEW = 5


def is_suspicious(removed: int, known: int, is_empty: bool) -> bool:
    """Whether an operator must confirm: nothing came, or more than a fifth and five rows go."""
    if removed == 0:
        return False
    return is_empty or (removed > FEW and removed > SHARE * known)
