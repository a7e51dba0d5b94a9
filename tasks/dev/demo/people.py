"""The people of the demo base and how they log in."""

import json
from typing import Any, Final, TypedDict

from tasks.dev.demo import files
from tasks.dev.demo.model import Person, Rewards
from tasks.dev.demo.records import Base, links

DEMO_PASSWORD: Final = "Rustig-ademen-1"  # noqa: S105 - shown to everyone who starts the demo
DEMO_PASSWORD_HASH: Final = "$2b$10$74DR4YG4WJUgEqOkEIQqJ.M5LNqJxygGzyjcxj4KiH0LaPGL4.rt6"  # noqa: S105


class Login(TypedDict):
    """What someone who tries the demo types in; None where a password is still to be chosen."""

    email: str
    password: str | None
    role: str


def _login(key: str) -> Login:
    person = next(person for person in files.people() if person.key == key)
    password = DEMO_PASSWORD if person.password else None
    return Login(email=person.email, password=password, role=person.role)


# A participant with a running program, an administrator, and someone without a password.
LOGINS: Final = [_login("lotte"), _login("bram"), _login("youssef")]


def add_people(base: Base) -> None:
    """Add the people with what they have earned."""
    for person in files.people():
        cells = _person_cells(base, person)
        if person.rewards:
            cells |= _reward_cells(base, person.rewards)
        base.add("Gebruikers", person.key, person.joined, cells)


def _person_cells(base: Base, person: Person) -> dict[str, Any]:
    return {
        "Naam": person.name,
        "E-mailadres": person.email,
        "Paswoord Hash": DEMO_PASSWORD_HASH if person.password else None,
        "Laatste login": None if person.last_login is None else base.day(person.last_login),
        "Bedrijf": links("Bedrijven", person.companies),
        "Rol": person.role,
        "Taalcode": person.language,
        "Status": person.status,
    }


def _reward_cells(base: Base, rewards: Rewards) -> dict[str, Any]:
    return {
        "Bonus Punten": rewards.bonus,
        "Huidige Streak": rewards.streak,
        "Langste Streak": rewards.longest,
        "Laatste Actieve Dag": base.day(rewards.last_active),
        "Badges": json.dumps(rewards.badges),
        "Niveau": rewards.level,
    }
