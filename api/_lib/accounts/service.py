"""Use cases of accounts; the guard, the endpoints, the sync and the tasks come in here."""

from api._lib.accounts.authenticating import authenticate
from api._lib.accounts.creating import NewPerson, create_person
from api._lib.accounts.erasing import Erased, erase
from api._lib.accounts.leaving import Removal, mark_people_deleted, note_complete_listing
from api._lib.accounts.links import enter_code, open_link, request_link
from api._lib.accounts.login import login
from api._lib.accounts.profile import change_profile, lookup, me
from api._lib.accounts.provisioning import Arrival, Reading, apply_airtable_users, rivals_of
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.accounts.sessions import CLEARED, REFRESH_COOKIE, logout, refresh
from api._lib.accounts.setting import change_password, reset_password, set_first_password

__all__ = [
    "CLEARED",
    "REFRESH_COOKIE",
    "Arrival",
    "Erased",
    "NewPerson",
    "Reading",
    "Removal",
    "Verdict",
    "apply_airtable_users",
    "authenticate",
    "change_password",
    "change_profile",
    "create_person",
    "enter_code",
    "erase",
    "login",
    "logout",
    "lookup",
    "mark_people_deleted",
    "me",
    "note_complete_listing",
    "open_link",
    "refresh",
    "request_link",
    "reset_password",
    "rivals_of",
    "set_first_password",
]
