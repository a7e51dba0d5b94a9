"""What the language model is asked, and the form its answer must have."""

from typing import Any

import pytest
from hypothesis import given, settings
from msgspec import structs

from api._lib.programs.rules.answer_schema import answer_schema, token_cap
from api._lib.programs.rules.brief import Brief, BriefMethod, Earlier, Instruction, Option
from api._lib.programs.rules.prompt import MAX_BYTES, messages
from api._lib.programs.rules.prompt_texts import DEFAULTS
from tests.programs.strategies import WEEKDAYS, briefs, record_id
from tests.programs.test_repair import brief

BREATHING = BriefMethod(
    "recMethAdem000001", "Ademen", 5, "Adem\nrustig.", ("Dagelijks",), "Beginner", recommended=True
)
WALKING = BriefMethod("recMethWandel0001", "Wandelen", 20)
OPTIONS = (Option("recKeuze000000001", "Ik kan dit", "Zelfvertrouwen"),)


def with_methods(**changes: Any) -> Brief:
    return structs.replace(brief(methods=(BREATHING, WALKING)), **changes)


def sections(asked: Brief) -> dict[str, str]:
    system, _ = messages(asked)
    parts = system.removeprefix("## ").split("\n\n## ")
    return dict(part.split("\n", 1) for part in parts)


def test_the_sections_come_in_their_order() -> None:
    assert list(sections(with_methods(earlier=Earlier(2, 3, ("Ademen",))))) == [
        "Opdracht",
        "Lopend programma",
        "Naam van het programma",
        "Over de gegevens",
        "Doelen",
        "Richtlijnen per doel",
        "Aanbevolen methodes (voorrang)",
        "Andere methodes (enkel als aanvulling)",
        "Trainingsdata",
        "Duur van het programma",
        "Overtuigingen",
        "Goede gewoontes",
        "Regels voor de keuze",
        "Regels voor de frequentie",
        "Regels voor de samenstelling",
        "Vorm van het antwoord",
    ]


def test_methods_stand_in_one_line_each_apart_by_recommendation() -> None:
    found = sections(with_methods())
    assert found["Aanbevolen methodes (voorrang)"] == (
        "- Ademen | id recMethAdem000001 | 5 min | niveau: Beginner | frequentie: Dagelijks"
        " | Adem rustig."
    )
    assert "Wandelen" in found["Andere methodes (enkel als aanvulling)"]


def test_dates_name_their_weekday_and_day() -> None:
    lines = sections(with_methods())["Trainingsdata"].splitlines()
    assert lines[0] == f"- 2026-01-05 | Maandag | dag-id {WEEKDAYS[0].id}"
    assert len(lines) == 3


def test_P7_no_more_than_seventy_dates_are_asked_for() -> None:
    whole_year = brief(weeks=52, names=tuple(day.name for day in WEEKDAYS))
    assert len(sections(whole_year)["Trainingsdata"].splitlines()) == 71
    assert token_cap(len(whole_year.asked)) == 15_500


def test_empty_pools_ask_for_empty_lists() -> None:
    found = sections(with_methods(beliefs=(), habits=()))
    assert "geen overtuigingen" in found["Overtuigingen"]
    assert "geen goede gewoontes" in found["Goede gewoontes"]
    offered = sections(with_methods(beliefs=OPTIONS))["Overtuigingen"]
    assert offered.startswith("- Ik kan dit | id recKeuze000000001 | Zelfvertrouwen\n")


def test_editors_texts_replace_ours_and_blank_ones_do_not() -> None:
    found = sections(with_methods(texts={"intro": "Wees kort.", "selectie_regels": " ", "x": "y"}))
    assert found["Opdracht"] == "Wees kort."
    assert found["Regels voor de keuze"] == DEFAULTS["selectie_regels"]


def test_instructions_name_their_goals() -> None:
    found = sections(with_methods(instructions=(Instruction(("Rust", "Focus"), "Begin traag."),)))
    assert found["Richtlijnen per doel"] == "Voor Rust, Focus:\nBegin traag."
    assert "geen bijzondere" in sections(with_methods())["Richtlijnen per doel"]


def test_planning_anew_tells_what_was_really_done() -> None:
    asked = with_methods(earlier=Earlier(4, 7, ("Ademen", "Bodyscan")))
    text = sections(asked)["Lopend programma"]
    assert "Behouden sessies: 4." in text
    assert "Uitgevoerde methodes: 7." in text
    assert "Recent gedaan: Ademen, Bodyscan." in text
    assert messages(asked)[1] != messages(with_methods())[1]


def test_P8_a_message_has_a_limit_whatever_editors_write() -> None:
    many = tuple(
        BriefMethod(record_id("Meth", n), "ë" * 300, 5, "ë" * 900, recommended=n % 2 == 0)
        for n in range(500)
    )
    asked = with_methods(
        methods=many,
        instructions=tuple(Instruction(("Rust",), "ë" * 9_000) for _ in range(50)),
        texts=dict.fromkeys(DEFAULTS, "ë" * 20_000),
    )
    system, _ = messages(asked)
    assert len(system.encode()) <= MAX_BYTES
    assert "2026-01-05" in system


@given(briefs())
@settings(max_examples=25)
def test_a_strict_schema_requires_everything_and_allows_nothing_else(asked: Brief) -> None:
    seen = [answer_schema(asked)]
    for schema in seen:
        if schema["type"] == "object":
            assert schema["required"] == list(schema["properties"])
            assert schema["additionalProperties"] is False
            seen.extend(schema["properties"].values())
        elif schema["type"] == "array":
            seen.append(schema["items"])
    enums = [schema["enum"] for schema in seen if "enum" in schema]
    assert sum(map(len, enums)) <= 1_000
    assert all(enum and len(set(enum)) == len(enum) for enum in enums)


@pytest.mark.parametrize(("methods", "listed"), [(100, True), (880, True), (990, False)])
def test_ids_are_listed_in_the_schema_as_far_as_the_service_allows(
    methods: int, listed: bool
) -> None:
    many = tuple(BriefMethod(record_id("Meth", n), str(n), 5) for n in range(methods))
    schema = answer_schema(with_methods(methods=many))
    day = schema["properties"]["schedule"]["items"]["properties"]
    assert day["date"]["enum"] == ["2026-01-05", "2026-01-07"]
    assert ("enum" in day["methods"]["items"]["properties"]["methodId"]) is listed
