"""One-time secrets: forms, hashes, comparison."""

from hypothesis import given
from hypothesis import strategies as st

from api._lib.accounts.codes import (
    Purpose,
    code_hash,
    is_token,
    new_code,
    new_token,
    same,
    token_hash,
)

SECRET = "unit-test-secret-0123456789abcdef"
TOKEN = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"


def test_the_vectors_of_the_hashes() -> None:
    assert code_hash(SECRET, Purpose.LOGIN, "recUSER0000000001", "123456") == (
        "d60a2c8cc5d9741a07e23ba62f2c0ced15b5f20d7f413a45f2a2af54b437692c"
    )
    assert token_hash(TOKEN) == "2a8abfa8cb9906290437854193ca6bca41d4d4e26d1d454bd66a35158095e737"


def test_a_link_copied_in_capitals_is_the_same_link() -> None:
    assert token_hash(TOKEN.upper()) == token_hash(TOKEN)
    assert is_token(TOKEN.upper())


def test_codes_have_six_digits_and_never_begin_with_zero() -> None:
    codes = {new_code() for _ in range(2_000)}
    assert all(len(code) == 6 and 100_000 <= int(code) <= 999_999 for code in codes)
    assert len(codes) > 1_900


def test_tokens_are_32_random_bytes() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(is_token(token) and token == token.lower() for token in tokens)


@given(st.text(max_size=80))
def test_only_64_hex_digits_are_a_token(text: str) -> None:
    is_hex = len(text) == 64 and all(letter in "0123456789abcdefABCDEF" for letter in text)
    assert is_token(text) is is_hex


@given(st.sampled_from(Purpose), st.sampled_from(Purpose), st.text("rec01", max_size=4))
def test_a_hash_is_tied_to_purpose_and_person(one: Purpose, other: Purpose, person: str) -> None:
    """A stolen table cannot be matched across rows."""
    mine = code_hash(SECRET, one, f"recA{person}", "123456")
    assert (mine == code_hash(SECRET, other, f"recA{person}", "123456")) is (one is other)
    assert mine != code_hash(SECRET, one, f"recB{person}", "123456")


def test_nothing_stored_is_the_same_as_nothing() -> None:
    assert same("abc", "abc")
    assert not same("abc", "abd")
    assert not same("abc", None)
