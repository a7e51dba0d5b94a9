"""The demo content is what was promised: so many of each, different texts, working logins."""

import re
from collections import Counter
from datetime import date

import bcrypt
import pytest

from tasks.dev.demo import DEMO_PASSWORD, LOGINS, DemoRecord, demo_base
from tests.dev.demo_facts import Row, cells, rows

ADDRESS = re.compile(r"[a-z]+\.[a-z]+@[a-z]+\.test")
PLACEHOLDER = re.compile(r"\{\{\w+\}\}")
TAG = re.compile(r"<[^>]*>")


@pytest.fixture(scope="module")
def base() -> dict[str, list[DemoRecord]]:
    return demo_base(date(2026, 3, 4))


def names(found: list[Row], field: str = "Name") -> list[str]:
    return [row[field] for row in found]


def test_content_has_the_promised_size(base: dict[str, list[DemoRecord]]) -> None:
    promised = {
        "Methodes": 60,
        "Doelstellingen": 12,
        "Overtuigingen": 40,
        "Goede gewoontes": 12,
        "Bedrijven": 5,
        "Gebruikers": 20,
    }
    assert {table: len(rows(base, table)) for table in promised} == promised


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("Methodes", "Methode Naam"),
        ("Doelstellingen", "Doelstelling Naam"),
        ("Overtuigingen", "Name"),
        ("Goede gewoontes", "Name"),
        ("Mindset Category", "Name"),
        ("Media", "Bestandsnaam"),
        ("Bedrijven", "Bedrijfsnaam"),
        ("Gebruikers", "Naam"),
        ("Gebruikers", "E-mailadres"),
        ("Vertalingen", "Key"),
    ],
)
def test_names_are_unique(base: dict[str, list[DemoRecord]], table: str, field: str) -> None:
    found = names(rows(base, table), field)
    assert len({name.lower() for name in found}) == len(found)


def test_method_texts_are_prose_and_all_different(base: dict[str, list[DemoRecord]]) -> None:
    methods = rows(base, "Methodes")
    for field in ("Beschrijving", "Techniek"):
        texts = [method[field] for method in methods]
        assert len(set(texts)) == 60
        assert min(len(text.split()) for text in texts) >= 25
    paragraphs = Counter(p for m in methods for p in m["Beschrijving"].strip().split("\n\n"))
    assert max(paragraphs.values()) == 1


def test_methods_have_points_levels_frequency_photo_and_mostly_media(
    base: dict[str, list[DemoRecord]],
) -> None:
    methods = rows(base, "Methodes")
    worth = [method["Punten waarde"] for method in methods if "Punten waarde" in method]
    assert set(worth) == set(range(1, 11))
    assert 0 < len(methods) - len(worth) < 10
    assert all(
        method[field]
        for method in methods
        for field in (
            "Duur (minuten)",
            "Ervaringsniveau (gekoppeld)",
            "Optimale frequentie",
            "Doelstellingen (gekoppeld)",
            "Foto",
        )
    )
    media = [len(method.get("Media", [])) for method in methods]
    assert set(media) == {0, 1, 2}
    assert media.count(0) < 20


def test_attachments_have_a_file_name_and_a_type(base: dict[str, list[DemoRecord]]) -> None:
    kinds = {"svg": "image/svg+xml", "wav": "audio/wav", "mp4": "video/mp4"}
    files = [cell for field, cell in cells(base) if field.type == "multipleAttachments"]
    for file in files:
        assert isinstance(file, list)
        assert [kinds[one["filename"].rsplit(".")[-1]] for one in file] == [file[0]["type"]]


def test_the_client_finds_the_goal_and_the_category_it_knows_by_name(
    base: dict[str, list[DemoRecord]],
) -> None:
    assert "Goede gewoontes" in names(rows(base, "Doelstellingen"), "Doelstelling Naam")
    assert "Mijn eigen overtuigingen" in names(rows(base, "Mindset Category"))


def test_beliefs_have_a_total_order_and_fill_six_categories(
    base: dict[str, list[DemoRecord]],
) -> None:
    beliefs = rows(base, "Overtuigingen")
    assert sorted(belief["Order"] for belief in beliefs) == list(range(1, 41))
    assert len({belief["Category"][0] for belief in beliefs}) == 6
    assert {level for belief in beliefs for level in belief["Overtuigingsniveau"]} == {
        "Niveau 1",
        "Niveau 2",
        "Niveau 3",
    }


def test_the_generation_of_programs_finds_its_texts_by_name_and_by_goal(
    base: dict[str, list[DemoRecord]],
) -> None:
    prompts = rows(base, "Programma opbouw prompts")
    system = {prompt["Name"] for prompt in prompts if prompt.get("Type prompt") == "Systeem"}
    assert system == {
        "intro",
        "selectie_regels",
        "frequentie_regels",
        "samenstelling_regels",
        "goede_gewoontes_selectie",
        "output_formaat",
    }
    others = [prompt for prompt in prompts if prompt.get("Type prompt") != "Systeem"]
    assert any("Type prompt" not in prompt for prompt in others)
    assert all(prompt["Doelstellingen"] and prompt["Prompt"] for prompt in others)


def test_translations_keep_placeholders_and_only_strong_in_the_two_html_texts(
    base: dict[str, list[DemoRecord]],
) -> None:
    texts = {row["Key"]: row for row in rows(base, "Vertalingen")}
    assert len(texts) >= 150
    for key, row in texts.items():
        spoken = [row[language] for language in ("nl", "fr", "en") if language in row]
        assert len({tuple(sorted(PLACEHOLDER.findall(text))) for text in spoken}) == 1, key
        assert len(spoken) == 3 or key == "account.delete.hint"
    tagged = {key: row for key, row in texts.items() if TAG.search(row["nl"])}
    assert set(tagged) == {"wizard.review.subtitle", "wizard.overlapWarning.existing"}
    for row in tagged.values():
        for language in ("nl", "fr", "en"):
            assert TAG.findall(row[language]) == ["<strong>", "</strong>"]


def test_people_have_valid_addresses_companies_and_languages(
    base: dict[str, list[DemoRecord]],
) -> None:
    people = rows(base, "Gebruikers")
    assert all(ADDRESS.fullmatch(person["E-mailadres"]) for person in people)
    assert all(person["Bedrijf"] for person in people)
    assert {person["Taalcode"] for person in people} == {"nl", "fr", "en"}
    assert Counter(person["Rol"] for person in people) == {"Deelnemer": 19, "admin": 1}


def test_one_person_is_blocked_and_one_has_no_password(base: dict[str, list[DemoRecord]]) -> None:
    people = rows(base, "Gebruikers")
    assert len([p for p in people if p.get("Status") == "Geen toegang"]) == 1
    assert len([p for p in people if "Paswoord Hash" not in p]) == 1


def test_the_logins_work(base: dict[str, list[DemoRecord]]) -> None:
    people = {person["E-mailadres"]: person for person in rows(base, "Gebruikers")}
    assert [login["role"] for login in LOGINS] == ["Deelnemer", "admin", "Deelnemer"]
    assert [login["password"] for login in LOGINS] == [DEMO_PASSWORD, DEMO_PASSWORD, None]
    for login in LOGINS:
        person = people[login["email"]]
        assert person["Rol"] == login["role"]
        assert person["Status"] == "Actief"
        assert ("Paswoord Hash" in person) == (login["password"] is not None)
    hashes = {person["Paswoord Hash"] for person in people.values() if "Paswoord Hash" in person}
    assert all(bcrypt.checkpw(DEMO_PASSWORD.encode(), one.encode()) for one in hashes)
