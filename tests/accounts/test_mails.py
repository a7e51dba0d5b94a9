"""The wording of the mails, in three languages and two parts."""

import re
from html import unescape

import pytest

from api._lib.accounts.mails import login_mail, password_changed_mail, setup_mail
from api._lib.mail import OutgoingMail
from api._lib.messages import CATALOGUE, LANGUAGES, Language

LINK = "https://mfa.test/auth/verify?token=" + "ab" * 32
TO = "an@voorbeeld.test"


def mails(language: Language) -> list[OutgoingMail]:
    return [
        login_mail(language, TO, LINK, "123456"),
        setup_mail(language, TO, "123456"),
        password_changed_mail(language, TO),
    ]


def words(html: str) -> str:
    """What a reader of the HTML part sees."""
    body = html.partition("<body")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", "<body" + body)).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_parts_say_the_same(language: Language) -> None:
    for mail in mails(language):
        read = words(mail.html)
        for line in mail.text.splitlines():
            if line and line != LINK:
                assert line in read, line
        assert f'<html lang="{language}">' in mail.html
        assert mail.to == TO


@pytest.mark.parametrize("language", LANGUAGES)
def test_link_and_code_stand_on_lines_of_their_own(language: Language) -> None:
    login, setup, changed = mails(language)
    assert {LINK, "123456"} <= set(login.text.splitlines())
    assert "123456" in setup.text.splitlines()
    assert f'href="{LINK}"' in login.html
    assert "http" not in setup.text + setup.html + changed.text + changed.html


def test_subjects_differ_by_language_and_fit_in_a_line() -> None:
    subjects = [mail.subject for language in LANGUAGES for mail in mails(language)]
    assert len(set(subjects)) == 9
    assert all(0 < len(subject) < 70 and "\n" not in subject for subject in subjects)


def test_the_validity_is_named() -> None:
    for language in LANGUAGES:
        assert "15" in login_mail(language, TO, LINK, "123456").text


def test_texts_that_may_reach_the_first_login_step_do_not_open_the_password_step() -> None:
    """The client looks for the word in whatever that step answers."""
    reachable = [
        "field_required",
        "field_invalid",
        "field_too_long",
        "too_many_requests",
        "unavailable",
        "internal",
        "upstream_failed",
        "body_not_json",
        "body_not_object",
        "body_too_large",
        "unsupported_type",
        "account_disabled",
    ]
    for key in reachable:
        for language in LANGUAGES:
            assert "password" not in CATALOGUE[key][language].lower(), (key, language)
