"""Whatever a reading says, nobody loses an address to another and none is used twice."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from api._lib.accounts.rules.arrivals import Plan, Verdict, plan
from api._lib.accounts.rules.known import Known, Row
from api._lib.accounts.rules.records import Record, read_record

IDS = [f"rec0000000000000{n}" for n in range(5)]
ADDRESSES = [f"{letter}@voorbeeld.test" for letter in "abcd"]
World = dict[str, tuple[str, str]]


def record(record_id: str, email: str) -> Record:
    return read_record(record_id, "2026-01-05T09:30:00.000Z", {"email": email})


def known(world: World, wanted: Record) -> Known:
    here = world.get(wanted.id)
    rival = next((i for i, (e, _) in world.items() if e == wanted.email and i != wanted.id), None)
    return Known(
        row=here and Row(email=here[0], name="", role=None, language_code=None, status=here[1]),
        rival=rival,
        rival_status=world[rival][1] if rival else None,
        linked=here is not None,
    )


def carried_out(world: World, plans: list[Plan]) -> World:
    """The world after what provisioning does with plans."""
    after = dict(world)
    for p in plans:
        if p.verdict is Verdict.REKEYED and p.rival:
            after[p.record.id] = after.pop(p.rival)
    for p in plans:
        if p.rival and p.verdict is Verdict.UPDATED and "duplicate_email" not in p.alarms:
            after[p.rival] = (f"{p.rival}@none.invalid", after[p.rival][1])
    for p in plans:
        if p.row is not None and p.verdict in (Verdict.CREATED, Verdict.UPDATED):
            after[p.record.id] = (p.row.email, p.row.status)
    return after


@st.composite
def worlds(draw: st.DrawFn) -> World:
    owners = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=4))
    addresses = draw(st.permutations(ADDRESSES))
    states = draw(st.lists(st.sampled_from(["active", "deleted"]), min_size=4, max_size=4))
    return {i: (e, s) for i, e, s in zip(owners, addresses, states, strict=False)}


readings = st.dictionaries(st.sampled_from(IDS), st.sampled_from(ADDRESSES), min_size=1)


@given(worlds(), readings, st.sets(st.sampled_from(IDS)))
def test_no_address_is_ever_used_twice(world: World, told: dict[str, str], gone: set[str]) -> None:
    records = [record(i, e) for i, e in told.items()]
    plans = plan(records, {r.id: known(world, r) for r in records}, gone)
    after = carried_out(world, plans)
    addresses = [email for email, _ in after.values()]
    assert len(set(addresses)) == len(addresses)


@given(worlds(), readings, st.sets(st.sampled_from(IDS)))
def test_live_people_lose_their_address_only_by_their_own_record(
    world: World, told: dict[str, str], gone: set[str]
) -> None:
    records = [record(i, e) for i, e in told.items()]
    plans = plan(records, {r.id: known(world, r) for r in records}, gone)
    after = carried_out(world, plans)
    for person, (email, status) in world.items():
        if status == "active" and person not in told and person not in gone:
            assert after[person] == (email, status)


@given(worlds(), readings)
def test_reading_the_same_again_moves_no_address(world: World, told: dict[str, str]) -> None:
    records = [record(i, e) for i, e in told.items()]
    once = carried_out(world, plan(records, {r.id: known(world, r) for r in records}, ()))
    again = plan(records, {r.id: known(once, r) for r in records}, ())
    settled = carried_out(once, again)
    for r in records:
        if r.id in once and once[r.id][0] == r.email:
            assert settled[r.id][0] == r.email


def test_what_a_source_does_not_tell_is_unset() -> None:
    told = read_record("recA", "", {"email": "a@b.co", "status": "Geen toegang"}, {"email"})
    assert told.status is UNSET
    assert told.name is UNSET


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "email",
                "role",
                "languageCode",
                "status",
                "company",
                "lastLogin",
                "createdAt",
                "passwordHash",
            ]
        ),
        st.none() | st.text() | st.integers() | st.lists(st.text(), max_size=3),
    )
)
def test_no_cell_whatever_its_form_upsets_the_reading(cells: dict[str, object]) -> None:
    read = read_record("recA", "", cells)
    assert "\0" not in f"{read.name}{read.role}{read.email}{read.password_hash}"
    assert read.language_code in (None, "nl", "fr", "en")
    assert read.status in (None, "active", "disabled")
