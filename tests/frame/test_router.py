"""The file is the route."""

from pathlib import Path

import pytest

from api._lib.router import RouteError, discover, route_of
from tests.frame.conftest import Serve

HELLO = '''
from api._lib.guard import public

@public
async def get() -> str:
    """Greet."""
    return "hello"
'''
SWITCHED = '''
from api._lib.context import Admin, User
from api._lib.guard import only_where

@only_where(lambda settings: False, "forbidden")
async def get({who}) -> str:
    """Nobody gets here."""
    return ""
'''
UNGUARDED = "async def get() -> str:\n    return 'open to all?'\n"
ECHO = '''
from api._lib.guard import public
from api._lib.wire import EntityId

@public
async def get({name}: str) -> str:
    """Say which."""
    return {name}
'''


@pytest.mark.parametrize(
    ("file", "route"),
    [
        ("health.py", "/api/health"),
        ("programs/index.py", "/api/programs"),
        ("auth/magic_link.py", "/api/auth/magic-link"),
        ("programs/_id_/index.py", "/api/programs/{id}"),
        ("programs/_id_/schedule/_planning_id_.py", "/api/programs/{id}/schedule/{planningId}"),
    ],
)
def test_a_file_names_its_route(file: str, route: str) -> None:
    assert route_of(Path(file)) == route


async def test_dropping_in_a_file_is_all_it_takes(serve: Serve) -> None:
    async with serve({"hello.py": HELLO}) as client:
        answer = await client.get("/api/hello")
    assert answer.json() == {"success": True, "data": "hello"}


async def test_hidden_folders_are_no_routes(serve: Serve) -> None:
    files = {"hello.py": HELLO, "_lib/x.py": HELLO, "workers/y.py": HELLO, "__init__.py": ""}
    async with serve(files) as client:
        for path in ("/api/_lib/x", "/api/-lib/x", "/api/workers/y", "/api/--init--"):
            assert (await client.get(path)).status_code == 404


async def test_literal_routes_win_over_parameters(serve: Serve) -> None:
    files = {"things/_id_.py": ECHO.format(name="id"), "things/all.py": HELLO}
    async with serve(files) as client:
        assert (await client.get("/api/things/all")).json()["data"] == "hello"
        assert (await client.get("/api/things/one")).json()["data"] == "one"


async def test_several_parameters_go_by_their_names(serve: Serve) -> None:
    source = ECHO.replace("{name}: str", "id: str, planning_id: str").replace(
        "return {name}", "return id + planning_id"
    )
    async with serve({"a/_id_/b/_planning_id_.py": source}) as client:
        assert (await client.get("/api/a/x/b/y")).json()["data"] == "xy"


@pytest.mark.parametrize("who", ["user: User", "admin: Admin"])
def test_a_switch_holds_for_every_kind_of_caller(tmp_path: Path, who: str) -> None:
    (tmp_path / "rare.py").write_text(SWITCHED.format(who=who))
    [handler] = discover(tmp_path, package=f"probe_{tmp_path.name.replace('-', '_')}")
    assert handler.guard.switch is not None


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"empty.py": "X = 1\n"}, "has no handler"),
        ({"open.py": UNGUARDED}, "states no guard"),
        ({"hello.py": HELLO, "hello/index.py": HELLO}, "both serve /api/hello"),
        ({"odd.py": HELLO.replace("get()", "get(planet: str)")}, "asks for planet"),
        ({"odd.py": HELLO.replace("get()", "get(ctx)")}, "does not state the type of ctx"),
        ({"odd.py": HELLO + "\n@public\ndef post() -> str:\n    return ''\n"}, "post is not async"),
        (
            {"a/_id_.py": ECHO.format(name="id"), "a/_key_.py": ECHO.format(name="key")},
            "both serve /api/a/{key}",
        ),
    ],
)
def test_a_module_nobody_can_serve_stops_the_start(
    tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    for name, source in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    with pytest.raises(RouteError, match=sentence):
        discover(tmp_path, package=f"probe_{tmp_path.name.replace('-', '_')}")
