"""Who is calling, and in which language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.messages import CATALOGUE, LANGUAGES, preferred_language, sentence
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from api._lib.wire import parse_email
from tests.frame.requests import request_from


@pytest.fixture(scope="module")
def plain_settings() -> Settings:
    """Settings as a developer has them."""
    return load_settings({"DATABASE_URL": "postgres://db/x", "JWT_SECRET": "s" * 32}, Role.APP)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "1.2.3.4, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.2", "", None),
        ("10.0.0.2", "10.0.0.8, 192.168.1.1", None),
        ("127.0.0.1", "not an address", None),
        ("10.0.0.2", "2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:1:2:3:4", "", "2001:db8::/64"),
        ("::ffff:10.0.0.2", "::ffff:198.51.100.1, ::ffff:10.0.0.9", "198.51.100.1"),
        ("::ffff:203.0.113.7", "198.51.100.1", "203.0.113.7"),
    ],
)
def test_the_address_is_the_last_one_no_trusted_proxy_has(
    plain_settings: Settings, peer: str, forwarded: str, expected: str | None
) -> None:
    assert request_from(plain_settings, peer, forwarded).client_address == expected


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "nl"),
        ("fr-BE,fr;q=0.9", "fr"),
        ("en-US;q=0.5, nl;q=0.9", "nl"),
        ("de, es", "nl"),
        ("en;q=x, fr;q=0.1", "fr"),
        ("*", "nl"),
    ],
)
def test_the_best_language_of_ours(header: str, language: str) -> None:
    assert preferred_language(header) == language


def test_every_sentence_exists_in_every_language_with_the_same_parameters() -> None:
    from string import Formatter

    for key, texts in CATALOGUE.items():
        assert set(texts) == set(LANGUAGES), key
        names = {
            language: {name for _, name, _, _ in Formatter().parse(text) if name}
            for language, text in texts.items()
        }
        assert len({frozenset(found) for found in names.values()}) == 1, key


def test_parameters_are_filled_in() -> None:
    assert "naam" in sentence("field_required", "nl", field="naam")


@pytest.mark.parametrize(
    "text",
    [
        "a@b.co",
        "o'neil@x.be",
        "a.b+c@ex-ample.co.uk",
        "a@xn--80ak6aa92e.com",
        " An@X.be ",
    ],
)
def test_addresses_we_take(text: str) -> None:
    assert parse_email(text) == text.strip().lower()


@pytest.mark.parametrize(
    "text",
    [
        "é@x.be",
        "a@x",
        "a..b@x.be",
        "a.@x.be",
        ".a@x.be",
        "a%b@x.be",
        "a@1.2.3.4",
        "a@-x.be",
        "a@x..be",
        "",
        "a b@x.be",
        "a@" + "x" * 250 + ".be",
    ],
)
def test_addresses_we_refuse(text: str) -> None:
    with pytest.raises(ValueError, match="Expected"):
        parse_email(text)


@given(st.text(max_size=40))
def test_an_address_we_took_is_taken_again_unchanged(text: str) -> None:
    try:
        address = parse_email(text)
    except ValueError:
        return
    assert parse_email(address) == address
