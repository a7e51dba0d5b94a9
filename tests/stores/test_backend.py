"""The flags: which combinations are allowed, and what is sent in which mode."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.airtable.entities import EntityType
from api._lib.backend import (
    ENTITY_FLAGS,
    broken_requirements,
    check_combination,
    is_sent,
    rewards_are_sent,
)
from api._lib.settings import BACKEND_FLAGS, Backend, Settings, SettingsError
from tests.airtable import with_settings

MODES = st.fixed_dictionaries({flag: st.sampled_from(Backend) for flag in BACKEND_FLAGS})


def with_flags(settings: Settings, flags: dict[str, Backend], mixed: bool = False) -> Settings:
    backends = {**settings.backends, **flags}
    return with_settings(settings, backends=backends, data_backend_allow_mixed=mixed)


@pytest.mark.parametrize(
    ("flag", "needed"),
    [
        ("METHOD_USAGE", "PROGRAMS"),
        ("PERSONAL_GOAL_USAGE", "PERSONAL_GOALS"),
        ("REWARDS", "METHOD_USAGE"),
        ("REWARDS", "HABIT_USAGE"),
        ("REWARDS", "PERSONAL_GOAL_USAGE"),
        ("REWARDS", "OVERTUIGING_USAGE"),
    ],
)
def test_forbidden_combinations_are_named(settings: Settings, flag: str, needed: str) -> None:
    split = with_flags(settings, {needed: Backend.AIRTABLE_ONLY})
    with pytest.raises(SettingsError, match=f"DATA_BACKEND_{flag} .*DATA_BACKEND_{needed}"):
        check_combination(split)
    check_combination(with_flags(settings, {needed: Backend.AIRTABLE_ONLY}, mixed=True))


def test_one_mode_for_all_is_always_allowed(settings: Settings) -> None:
    for mode in Backend:
        check_combination(with_flags(settings, dict.fromkeys(BACKEND_FLAGS, mode)))


@given(MODES)
def test_only_a_postgres_mode_can_need_something(modes: dict[str, Backend]) -> None:
    for flag, needed in broken_requirements(modes):
        assert modes[flag] is not Backend.AIRTABLE_ONLY
        assert modes[needed] is Backend.AIRTABLE_ONLY


def test_events_are_made_in_shadow_and_primary_only(settings: Settings) -> None:
    for kind, mode in product(EntityType, Backend):
        flags = dict.fromkeys(BACKEND_FLAGS, mode)
        sends = mode in (Backend.POSTGRES_SHADOW_READ, Backend.POSTGRES_PRIMARY)
        expected = sends or kind is EntityType.USER
        assert is_sent(with_flags(settings, flags), kind) is expected
        assert rewards_are_sent(with_flags(settings, flags)) is sends


def test_every_entity_but_people_has_a_flag() -> None:
    assert ENTITY_FLAGS.keys() == set(EntityType) - {EntityType.USER}
    assert set(ENTITY_FLAGS.values()) <= set(BACKEND_FLAGS)
