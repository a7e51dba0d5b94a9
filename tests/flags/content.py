"""The catalogue of the tests as coaches keep it in Airtable."""

from typing import Any

from tests.programs import catalogue as c
from tests.programs.strategies import WEEKDAYS

Records = dict[str, list[dict[str, Any]]]
LEVEL, SELF, FILM = "recLevelBegin0001", "recCategorySelf01", "recMediaFilm00001"


def _of(title: str, *rows: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Records with a name in the field of that title."""
    return [{"id": id, "fields": {title: fields.pop("name"), **fields}} for id, fields in rows]


def records() -> Records:
    """Every content table; links are set on the side that owns them."""
    return {
        "Doelstellingen": _of(
            "Doelstelling Naam",
            (c.STRESS, {"name": "Stress verminderen", "Beschrijving": "Rust", "Status": "Actief"}),
            (c.FOCUS, {"name": "Focus"}),
            (c.SLEEP, {"name": "Slapen"}),
            (c.HABITS_GOAL, {"name": "Goede gewoontes"}),
        ),
        "Ervaringsniveaus": _of("Name", (LEVEL, {"name": "Beginner"})),
        "Media": _of(
            "Bestandsnaam",
            (
                FILM,
                {
                    "name": "adem.mp4",
                    "Type": "video",
                    "Bestand": [{"url": "https://files.test/adem.mp4", "filename": "adem.mp4"}],
                },
            ),
        ),
        "Methodes": _of(
            "Methode Naam",
            (
                c.BREATHE,
                {
                    "name": "Ademen",
                    "Duur (minuten)": 10,
                    "Beschrijving": "Adem rustig",
                    "Ervaringsniveau (gekoppeld)": [LEVEL],
                    "Optimale frequentie": ["Dagelijks"],
                    "Doelstellingen (gekoppeld)": [c.STRESS],
                    "Techniek": "In en **uit**",
                    "Media": [FILM],
                    "Foto": [{"url": "https://files.test/adem.jpg", "filename": "adem.jpg"}],
                    "Punten waarde": 8,
                },
            ),
            (
                c.SCAN,
                {
                    "name": "Bodyscan",
                    "Duur (minuten)": 5,
                    "Doelstellingen (gekoppeld)": [c.FOCUS],
                },
            ),
            (
                c.WALK,
                {
                    "name": "Wandelen",
                    "Duur (minuten)": 10,
                    "Doelstellingen (gekoppeld)": [c.STRESS, c.FOCUS],
                    "Punten waarde": 14,
                },
            ),
            (c.WRITE, {"name": "Schrijven", "Duur (minuten)": 15}),
            (
                c.TIDY,
                {
                    "name": "Opruimen",
                    "Doelstellingen (gekoppeld)": [c.STRESS, c.HABITS_GOAL],
                },
            ),
        ),
        "Dagen van de week": [
            {"id": day.id, "fields": {"Name": day.name}} for day in reversed(WEEKDAYS)
        ],
        "Programma opbouw prompts": _of(
            "Name",
            (
                "recPromptIntro001",
                {"name": "intro", "Prompt": "Wees mild.", "Type prompt": "Systeem"},
            ),
            (
                "recPromptStress01",
                {"name": "stress", "Prompt": "Begin rustig.", "Doelstellingen": [c.STRESS]},
            ),
        ),
        "Mindset Category": _of(
            "Name", (SELF, {"name": "Zelfvertrouwen", "Volgorde": 2, "Doelstellingen": [c.STRESS]})
        ),
        "Overtuigingen": _of(
            "Name",
            (
                c.REST,
                {
                    "name": "Ik mag rusten",
                    "Order": 3,
                    "Category": [SELF],
                    "Overtuigingsniveau": ["Niveau 1"],
                },
            ),
            (c.CAN, {"name": "Ik kan dit", "Order": 1, "Doelstellingen": [c.STRESS]}),
            (c.ENOUGH, {"name": "Ik ben genoeg", "Order": 2, "Doelstellingen": [c.FOCUS]}),
            (c.EXPERT, {"name": "Ik ken mezelf", "Overtuigingsniveau": ["Niveau 3"]}),
        ),
        "Goede gewoontes": _of(
            "Name",
            (c.WATER, {"name": "Water drinken", "Notes": "2 liter"}),
            (c.STRETCH, {"name": "Rekken"}),
            (c.READ, {"name": "Lezen"}),
            (c.OUTSIDE, {"name": "Naar buiten"}),
        ),
    }


VIEWS = {
    "Doelstellingen": [c.FOCUS, c.STRESS, c.SLEEP, c.HABITS_GOAL],
    "Methodes": [c.BREATHE, c.WALK, c.SCAN, c.TIDY, c.WRITE],
    "Goede gewoontes": [c.READ, c.WATER, c.STRETCH, c.OUTSIDE],
}
HIDDEN = {"Methodes": [c.WRITE], "Goede gewoontes": [c.OUTSIDE]}
"""What the view's filter leaves out."""
