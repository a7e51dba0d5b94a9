"""The pure rules of the sending half."""

from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from api._lib.airtable.entities import EntityType
from api._lib.airtable.weather import Weather
from api._lib.sync.claims import Claimed
from api._lib.sync.hand import Hand, in_order
from api._lib.sync.items import Action, Item
from api._lib.sync.leases import Leases
from api._lib.sync.rules import backoff, batch_size, cells_hash, halves, is_final

NUMBERS = st.integers(1, 6)
KINDS = st.sampled_from(EntityType)


def event(kind: EntityType, number: int, operation: str = "upsert", attempts: int = 0) -> Claimed:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return Claimed(number, kind, str(number), None, operation, (), {}, attempts, None, now, uuid4())


@given(NUMBERS, st.floats(0, 1, exclude_max=True))
def test_E1_backoff_is_base_times_n_squared_within_a_fifth(attempts: int, roll: float) -> None:
    exact = 5 * attempts**2
    assert exact * 0.8 <= backoff(attempts, 5, roll) <= exact * 1.2


@given(st.lists(st.integers(), min_size=2, max_size=10))
def test_halving_keeps_all_and_ends(items: list[int]) -> None:
    first, second = halves(items)
    assert [*first, *second] == items
    assert 0 < len(first) <= len(second) < len(items)


@given(st.integers(0, 100), st.integers(1, 100))
def test_the_last_try_is_the_last(attempts: int, most: int) -> None:
    assert is_final(attempts, most) is (attempts >= most)


@given(st.integers(0, 20))
def test_what_fails_again_and_again_goes_alone(attempts: int) -> None:
    assert batch_size(attempts + 1, 10) <= batch_size(attempts, 10)
    assert batch_size(attempts, 10) == 1 or attempts < 3


@given(st.dictionaries(st.text(), st.none() | st.text() | st.lists(st.text())))
def test_the_hash_knows_no_order_of_fields_but_of_links(cells: dict[str, object]) -> None:
    turned = dict(reversed(cells.items()))
    assert cells_hash("t", "r", cells) == cells_hash("t", "r", turned)
    assert cells_hash("t", "r", cells) != cells_hash("t", "s", cells)
    links = {**cells, "links": ["a", "b"]}
    assert cells_hash("t", "r", links) != cells_hash("t", "r", {**links, "links": ["b", "a"]})


@given(st.lists(st.tuples(KINDS, st.sampled_from(["upsert", "delete"]))))
def test_parents_go_first_and_are_deleted_last(pairs: list[tuple[EntityType, str]]) -> None:
    events = [event(kind, n, operation) for n, (kind, operation) in enumerate(pairs)]
    ordered = in_order(events)
    assert sorted(e.id for e in ordered) == [e.id for e in events]
    chain = [EntityType.PROGRAM, EntityType.PROGRAM_SCHEDULE, EntityType.METHOD_USAGE]
    for operation, order in (("upsert", chain), ("delete", chain[::-1])):
        seen = [e.entity_type for e in ordered if e.operation == operation]
        places = [order.index(kind) for kind in seen if kind in order]
        assert places == sorted(places)


@given(st.lists(st.tuples(KINDS, st.sampled_from(Action), st.integers(0, 5)), max_size=60))
def test_batches_are_of_one_kind_and_lose_nothing(
    given_: list[tuple[EntityType, Action, int]],
) -> None:
    hand = Hand()
    items = [
        Item(event(kind, n, attempts=attempts), action)
        for n, (kind, action, attempts) in enumerate(given_)
    ]
    hand.add(items)
    taken: list[int] = []
    while batch := hand.take():
        assert len({(i.event.entity_type, i.action) for i in batch}) == 1
        assert len(batch) <= min(batch_size(i.event.attempts, 10) for i in batch)
        assert batch[0].event.id == min(i.event.id for i in items if i.event.id not in taken)
        taken += [i.event.id for i in batch]
    assert sorted(taken) == [i.event.id for i in items]
    assert hand.is_empty


def test_children_go_on_when_their_parent_is_settled() -> None:
    hand = Hand()
    parent, child = event(EntityType.PROGRAM, 1), event(EntityType.PROGRAM_SCHEDULE, 2)
    hand.hold([parent, child])
    assert hand.wait(child, parent.key)
    assert not hand.is_empty
    assert hand.settle([parent.key]) == [child]
    assert hand.is_empty
    assert hand.upserts == {child.key}
    assert not hand.wait(child, parent.key)
    assert hand.is_empty


def test_a_lease_is_not_used_near_its_end() -> None:
    leases, token = Leases(120), uuid4()
    leases.begin(token, 1_000)
    assert leases.not_after(token) == 1_085
    leases.begin(token, 1_020)
    assert leases.not_after(token) == 1_085
    leases.renewed([token], 1_030)
    assert leases.not_after(token) == 1_115
    assert leases.renew_every == 30


@given(st.lists(st.sampled_from(["failure", "ok"]), max_size=30))
def test_the_breaker_opens_after_five_failures_in_a_row(outcomes: list[str]) -> None:
    weather, row = Weather(), 0
    for outcome in outcomes:
        if row == 5:
            break
        weather.report(outcome, 0)
        row = row + 1 if outcome == "failure" else 0
        assert (weather.obstacle(0) is not None) is (row == 5)


def test_the_breaker_doubles_up_to_five_minutes_and_a_probe_closes_it() -> None:
    weather, now = Weather(), 0.0
    for _ in range(5):
        weather.report("failure", now)
    waits = []
    for _ in range(7):
        obstacle = weather.obstacle(now)
        assert obstacle is not None
        waits.append(obstacle[1])
        now += obstacle[1]
        assert weather.start(now)
        assert weather.obstacle(now) is not None
        weather.report("failure", now)
    assert waits == [15, 30, 60, 120, 240, 300, 300]
    weather.report("ok", now)
    assert weather.obstacle(now) is None
    assert not weather.start(now)


def test_a_pause_is_never_shortened() -> None:
    weather = Weather()
    weather.report("throttled", 0, 30)
    weather.report("throttled", 0, 5)
    assert weather.obstacle(29) == ("paused", 1)
    assert weather.obstacle(30) is None


def test_a_wrong_token_is_asked_again_after_a_minute() -> None:
    weather = Weather()
    weather.report("auth", 0)
    assert weather.obstacle(59) == ("open", 1)
    assert weather.start(60)
