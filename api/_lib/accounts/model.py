"""Shapes of people and sessions."""

from datetime import date, datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from api._lib.context import User
from api._lib.messages import LANGUAGES, Language
from api._lib.wire import Wire, filled, moment


class UserView(Wire, kw_only=True):
    """A person as the client sees one; nothing about passwords, status or points."""

    id: str
    name: str
    email: str
    company: tuple[str, ...] | UnsetType = UNSET
    role: str | UnsetType = UNSET
    language_code: str | UnsetType = UNSET
    created_at: str
    last_login: date | UnsetType = UNSET


class SessionAnswer(Wire):
    """What every way of logging in answers; the refresh token travels in the cookie."""

    user: UserView
    access_token: str


class PasswordSetup(Wire):
    """The person must choose a first password."""

    email: str
    needs_password_setup: bool = True


class Changed(Wire):
    """The change was made; the client reads `success` once more inside the data."""

    success: bool = True


class Message(Wire):
    """A sentence that confirms."""

    message: str


class Account(Struct, frozen=True, kw_only=True):
    """A row of `users` with what logging in needs to know."""

    id: str
    email: str
    name: str
    role: str | None
    language_code: str | None
    status: str
    password_hash: str | None
    last_login_on: date | None
    created_at: datetime
    sessions_valid_from: datetime | None
    zone: str | None
    companies: tuple[str, ...]

    @property
    def active(self) -> bool:
        """Whether the person may come in."""
        return self.status == "active"


class Session(Struct, frozen=True, kw_only=True):
    """A row of `auth_sessions`."""

    sid: UUID
    user_id: str
    current_jti: UUID
    previous_jti: UUID | None
    previous_jti_until: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    created_at: datetime


def view_of(person: Account | User, last_login: date | None = None) -> UserView:
    """A person as the client sees one; `last_login` overrides the stored day."""
    language = person.language_code if isinstance(person, Account) else person.language
    day = last_login or person.last_login_on
    return UserView(
        id=person.id,
        name=person.name,
        email=person.email,
        company=person.companies or UNSET,
        role=filled(person.role),
        language_code=filled(language),
        created_at=moment(person.created_at),
        last_login=UNSET if day is None else day,
    )


def language_of(account: Account) -> Language | None:
    """The language a person chose, if it is one of ours."""
    return next((language for language in LANGUAGES if language == account.language_code), None)
