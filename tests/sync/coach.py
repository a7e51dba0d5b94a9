"""What coaches do in Airtable, at random, while people use the app."""

import random
from collections.abc import Callable
from uuid import uuid4

from tests.sync.world import World

NAMED = {
    "Methodes": "Methode Naam",
    "Goede gewoontes": "Name",
    "Doelstellingen": "Doelstelling Naam",
    "Overtuigingen": "Name",
}
"""Tables that coaches edit, with the field that names a record."""

PEOPLE = "Gebruikers"


class Coach:
    """Edits people and content by hand, but nothing that belongs to the app."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._control = world.airtable.control
        self._first = world.user
        self._dice = dice

    def edit(self) -> None:
        """Do one thing."""
        choices: list[Callable[[], object]] = [
            self._edit_person,
            self._edit_person,
            self._add_person,
            self._lock_out,
            self._rename,
            self._add,
            self._remove,
            self._reorder,
            self._hide,
        ]
        self._dice.choice(choices)()

    def _edit_person(self) -> None:
        fields = self._dice.choice(
            [
                {"Naam": self._dice.choice(["An", "Anna", "Annie"])},
                {"Taalcode": self._dice.choice(["nl", "fr", "en"])},
                {"E-mailadres": address()},
            ]
        )
        self._control.edit(PEOPLE, self._any(PEOPLE), fields)

    def _add_person(self) -> None:
        fields = {"Naam": "Nieuw", "E-mailadres": address(), "Taalcode": "nl"}
        self._control.create(PEOPLE, fields)

    def _lock_out(self) -> None:
        """Shut somebody out, or let them in again; one always stays."""
        person = self._any(PEOPLE)
        status = self._dice.choice(["Geen toegang", "Actief"])
        if person != self._first:
            self._control.edit(PEOPLE, person, {"Status": status})

    def _rename(self) -> None:
        table = self._table()
        name = f"Naam {self._dice.randrange(9)}"
        self._control.edit(table, self._any(table), {NAMED[table]: name})

    def _add(self) -> None:
        table = self._table()
        self._control.create(table, {NAMED[table]: f"Nieuw {self._dice.randrange(9)}"})

    def _remove(self) -> None:
        """Delete content, used or not; an empty table would be taken for a mistake."""
        table = self._table()
        if self._control.count(table) > 2:
            self._control.delete(table, self._any(table))

    def _reorder(self) -> None:
        table = self._table()
        ids = self._ids(table)
        self._control.reorder(table, "App", self._dice.sample(ids, len(ids)))

    def _hide(self) -> None:
        """Take a record out of the view, or show everything again."""
        table = self._table()
        self._control.reveal(table, "App", self._ids(table))
        if self._control.count(table) > 2 and self._dice.random() < 0.5:
            self._control.hide(table, "App", [self._any(table)])

    def _table(self) -> str:
        return self._dice.choice(list(NAMED))

    def _any(self, table: str) -> str:
        return self._dice.choice(self._ids(table))

    def _ids(self, table: str) -> list[str]:
        return [record["id"] for record in self._control.records(table)]


def address() -> str:
    """An address nobody has."""
    return f"{uuid4().hex[:10]}@voorbeeld.test"
