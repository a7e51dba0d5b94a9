"""Content that coaches keep: goals, methods, beliefs, habits, texts and companies."""

from typing import Any, Final

from tasks.dev.demo import files
from tasks.dev.demo.model import Belief, Method
from tasks.dev.demo.records import Base, links, record_id

MADE: Final = -300
WEEKDAYS: Final = (
    "Maandag",
    "Dinsdag",
    "Woensdag",
    "Donderdag",
    "Vrijdag",
    "Zaterdag",
    "Zondag",
)
LEVELS: Final = {
    "beginner": ("Beginner", "Geen ervaring nodig."),
    "gemiddeld": ("Gemiddeld", "Voor wie al enkele weken oefent."),
    "gevorderd": ("Gevorderd", "Vraagt geduld, herhaling of wat durf."),
}
FILES: Final = {"audio": ("wav", "audio/wav"), "video": ("mp4", "video/mp4")}


def attachment(filename: str, media_type: str) -> list[dict[str, str]]:
    """Make an attachment cell; the stand-in makes up the bytes."""
    return [{"filename": filename, "type": media_type}]


def picture(name: str) -> list[dict[str, str]]:
    """Make an attachment cell with a drawing."""
    return attachment(f"{name}.svg", "image/svg+xml")


def add_content(base: Base) -> None:
    """Add everything that is the same for all people."""
    _add_companies(base)
    _add_weekdays(base)
    _add_levels(base)
    _add_goals(base)
    _add_methods(base)
    _add_categories(base)
    _add_beliefs(base)
    _add_habits(base)
    _add_prompts(base)
    _add_translations(base)


def _add_companies(base: Base) -> None:
    for company in files.companies():
        cells = {
            "Bedrijfsnaam": company.name,
            "Logo": picture(f"logo-{company.key}"),
            "Adres": company.address,
            "Plaats": company.city,
            "Land": company.country,
        }
        base.add("Bedrijven", company.key, MADE, cells)


def _add_weekdays(base: Base) -> None:
    for name in sorted(WEEKDAYS):
        base.add("Dagen van de week", name, MADE, {"Name": name})


def _add_levels(base: Base) -> None:
    for key, (name, notes) in LEVELS.items():
        base.add("Ervaringsniveaus", key, MADE, {"Name": name, "Notes": notes})


def _add_goals(base: Base) -> None:
    for goal in sorted(files.goals(), key=lambda goal: goal.key):
        cells = {
            "Doelstelling Naam": goal.name,
            "Beschrijving": goal.description,
            "Status": goal.status,
        }
        base.add("Doelstellingen", goal.key, MADE, cells)


def _add_methods(base: Base) -> None:
    # The table keeps them by key; only the view knows the order of the app.
    for method in sorted(files.methods(), key=lambda method: method.key):
        for kind in method.media:
            _add_media(base, method.key, kind)
        base.add("Methodes", method.key, MADE, _method_cells(method))


def _add_media(base: Base, method: str, kind: str) -> None:
    extension, media_type = FILES[kind]
    filename = f"{method}.{extension}"
    cells = {"Bestandsnaam": filename, "Type": kind, "Bestand": attachment(filename, media_type)}
    base.add("Media", f"{method}-{kind}", MADE, cells)


def _method_cells(method: Method) -> dict[str, Any]:
    return {
        "Methode Naam": method.name,
        "Duur (minuten)": method.minutes,
        "Beschrijving": method.description,
        "Techniek": method.technique,
        "Ervaringsniveau (gekoppeld)": links("Ervaringsniveaus", method.levels),
        "Optimale frequentie": method.frequency,
        "Doelstellingen (gekoppeld)": links("Doelstellingen", method.goals),
        "Punten waarde": method.points,
        "Foto": picture(method.key),
        "Media": links("Media", [f"{method.key}-{kind}" for kind in method.media]),
    }


def _add_categories(base: Base) -> None:
    for order, category in enumerate(files.categories(), 1):
        cells = {
            "Name": category.name,
            "Volgorde": order,
            "Inhoud": category.content,
            "Afbeelding": picture(f"mindset-{category.key}"),
            "Doelstellingen": links("Doelstellingen", category.goals),
        }
        base.add("Mindset Category", category.key, MADE, cells)


def _add_beliefs(base: Base) -> None:
    pairs = [(category, belief) for category in files.categories() for belief in category.beliefs]
    for order, (category, belief) in enumerate(pairs, 1):
        cells = _belief_cells(belief, order)
        cells["Category"] = [record_id("Mindset Category", category.key)]
        base.add("Overtuigingen", belief.name, MADE, cells)


def _belief_cells(belief: Belief, order: int) -> dict[str, Any]:
    return {
        "Name": belief.name,
        "Order": order,
        "Overtuigingsniveau": [f"Niveau {level}" for level in belief.levels],
        "Doelstellingen": links("Doelstellingen", belief.goals),
    }


def _add_habits(base: Base) -> None:
    for habit in sorted(files.habits(), key=lambda habit: habit.key):
        base.add("Goede gewoontes", habit.key, MADE, {"Name": habit.name, "Notes": habit.notes})


def _add_prompts(base: Base) -> None:
    for prompt in files.prompts():
        cells = {
            "Name": prompt.name,
            "Prompt": prompt.text.strip(),
            "Type prompt": prompt.type,
            "Doelstellingen": links("Doelstellingen", prompt.goals),
        }
        base.add("Programma opbouw prompts", prompt.key, MADE, cells)


def _add_translations(base: Base) -> None:
    for key, text, context in files.translations():
        cells = {"Key": key, "nl": text.nl, "fr": text.fr, "en": text.en, "Context": context}
        base.add("Vertalingen", key, MADE, cells)
