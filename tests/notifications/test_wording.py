"""What reminders say."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.messages import LANGUAGES, Language
from api._lib.notifications.model import Kind
from api._lib.notifications.rules.planner import plan
from api._lib.notifications.rules.wording import Topic, date_text, language_of, short, words
from api._lib.push import MAX_PAYLOAD
from tests.notifications.cases import goal, moment, somebody

DAY = date(2026, 3, 1)
EVE, BEFORE = DAY - timedelta(days=1), DAY - timedelta(days=2)


@pytest.mark.parametrize(
    ("language", "kind", "said_on", "count", "body"),
    [
        ("nl", "session", DAY, 0, "Je activiteit van vandaag (zondag 1 maart) staat klaar."),
        ("nl", "session", EVE, 0, "Je activiteit van morgen (zondag 1 maart) staat klaar."),
        ("nl", "session", BEFORE, 0, "Je activiteit van zondag 1 maart staat klaar."),
        ("fr", "session", DAY, 0, "Votre activité d'aujourd'hui (dimanche 1er mars) est prête."),
        ("fr", "session", EVE, 0, "Votre activité de demain (dimanche 1er mars) est prête."),
        ("en", "session", DAY, 0, "Your activity for today (Sunday 1 March) is ready."),
        ("en", "session", EVE, 0, "Your activity for tomorrow (Sunday 1 March) is ready."),
        ("nl", "daily_summary", DAY, 1, "Je hebt vandaag 1 geplande activiteit."),
        ("nl", "daily_summary", DAY, 2, "Je hebt vandaag 2 geplande activiteiten."),
        ("nl", "daily_summary", EVE, 2, "Je hebt morgen 2 geplande activiteiten."),
        ("fr", "daily_summary", DAY, 1, "Vous avez 1 activité prévue aujourd'hui."),
        ("fr", "daily_summary", DAY, 3, "Vous avez 3 activités prévues aujourd'hui."),
        ("fr", "daily_summary", BEFORE, 1, "Vous avez 1 activité prévue le dimanche 1er mars."),
        ("en", "daily_summary", DAY, 1, "You have 1 planned activity today."),
        ("en", "daily_summary", EVE, 2, "You have 2 planned activities tomorrow."),
        ("en", "daily_summary", BEFORE, 2, "You have 2 planned activities on Sunday 1 March."),
        ("nl", "personal_goal", DAY, 0, "Vandaag is een geplande dag voor: Lopen"),
        ("fr", "personal_goal", DAY, 0, "Aujourd'hui est un jour prévu pour : Lopen"),
        ("en", "personal_goal", EVE, 0, "Tomorrow is a planned day for: Lopen"),
        ("en", "personal_goal", BEFORE, 0, "On Sunday 1 March it is a planned day for: Lopen"),
    ],
)
def test_the_text_fits_language_number_and_day(
    language: Language, kind: str, said_on: date, count: int, body: str
) -> None:
    assert words(Topic(Kind(kind), DAY, count, "Lopen"), language, said_on)["body"] == body


@given(
    st.sampled_from(Kind),
    st.sampled_from(LANGUAGES),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(-1, 3),
    st.integers(0, 50),
)
def test_there_is_a_text_for_everything(
    kind: Kind, language: Language, day: date, ahead: int, count: int
) -> None:
    said = words(Topic(kind, day, count, "{naam}"), language, day - timedelta(days=ahead))
    assert said["title"]
    assert str(day) not in said["body"]
    assert ("{naam}" in said["body"]) is (kind is Kind.PERSONAL_GOAL)


@pytest.mark.parametrize(
    ("code", "language"),
    [
        *((None, "nl"), ("", "nl"), ("nl", "nl"), ("de", "nl")),
        *(("EN", "en"), ("en-GB", "en"), ("fr-BE", "fr"), ("Français", "fr")),
    ],
)
def test_the_language_is_the_start_of_the_code(code: str | None, language: str) -> None:
    assert language_of(code) == language


def test_dates_are_written_as_people_say_them() -> None:
    day = date(2026, 8, 12)
    said = [date_text(day, language) for language in LANGUAGES]
    assert said == ["woensdag 12 augustus", "mercredi 12 août", "Wednesday 12 August"]


def test_the_longest_name_leaves_the_message_far_below_the_limit() -> None:
    endless = goal("\U0001f3c3" * 200, ["Maandag"])
    payload = plan(somebody(), [], [endless], moment("2026-02-23T09:00"))[0].payload
    assert payload["personalGoalName"] == short(endless.name) == "\U0001f3c3" * 120
    assert len(msgspec.json.encode(payload)) < MAX_PAYLOAD / 2
