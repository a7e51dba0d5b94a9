"""Finds the endpoint modules below `api/`, and turns a request into a handler's arguments."""

import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from msgspec import Struct
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api._lib.context import Admin, Context, User
from api._lib.decoding import Decoder
from api._lib.guard import Guard, stated_guard
from api._lib.wire import Body

METHODS = ("get", "post", "put", "patch", "delete")
HIDDEN = frozenset({"_lib", "workers"})
GIVEN = {"ctx": Context, "user": User, "admin": Admin}


class RouteError(Exception):
    """An endpoint module that cannot be served; stops the start with one sentence."""


class Handler(Struct, frozen=True):
    """One handler with all that its signature says."""

    path: str
    method: str
    call: Callable[..., Any]
    guard: Guard
    given: tuple[str, ...]
    body: Decoder[Any] | None
    query: Decoder[Any] | None
    path_types: dict[str, Any]
    returns: Any


def discover(root: Path, package: str = "api") -> list[Handler]:
    """All handlers of the modules below `root`; raises `RouteError` for one nobody can serve."""
    handlers: list[Handler] = []
    seen: dict[str, Path] = {}
    for file in sorted(_modules(root)):
        path = route_of(file.relative_to(root))
        shape = re.sub(r"{\w+}", "{}", path)
        if shape in seen:
            raise RouteError(f"{file} and {seen[shape]} both serve {path}.")
        seen[shape] = file
        handlers += _handlers(_load(file, root, package), path, file)
    return handlers


def route_of(file: Path) -> str:
    """Route of an endpoint file: `programs/_id_/extend.py` → `/api/programs/{id}/extend`."""
    parts = [_segment(part) for part in file.with_suffix("").parts]
    return "/".join(["/api", *(parts[:-1] if parts[-1] == "index" else parts)])


def _segment(name: str) -> str:
    if parameter := re.fullmatch(r"_([a-z0-9_]+)_", name):
        head, *tail = parameter[1].split("_")
        return "{" + head + "".join(word.title() for word in tail) + "}"
    return name.replace("_", "-")


def _modules(root: Path) -> Iterator[Path]:
    for file in root.rglob("*.py"):
        parts = file.relative_to(root).with_suffix("").parts
        if not any(part in HIDDEN or re.fullmatch(r"_.*[^_]|__\w+__", part) for part in parts):
            yield file


def _load(file: Path, root: Path, package: str) -> ModuleType:
    name = ".".join([package, *file.relative_to(root).with_suffix("").parts])
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(file):
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise RouteError(f"{file} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _handlers(module: ModuleType, path: str, file: Path) -> list[Handler]:
    found = [
        _handler(handler, name, path, file)
        for name in METHODS
        if callable(handler := getattr(module, name, None))
    ]
    if not found:
        raise RouteError(f"{file} has no handler: define an async get, post, put, patch or delete.")
    return found


def _handler(call: Callable[..., Any], name: str, path: str, file: Path) -> Handler:
    if not inspect.iscoroutinefunction(call):
        raise RouteError(f"{file}: {name} is not async.")
    hints = get_type_hints(call, include_extras=True)
    returns = hints.pop("return", None)
    guard = stated_guard(call, hints)
    if guard is None:
        raise RouteError(f"{file}: {name} states no guard (user, admin or a decorator).")
    parameters = {_snake(text): text for text in re.findall(r"{(\w+)}", path)}
    for parameter in inspect.signature(call).parameters:
        if parameter not in hints:
            raise RouteError(f"{file}: {name} does not state the type of {parameter}.")
        if not _is_known(parameter, hints[parameter], parameters):
            raise RouteError(f"{file}: {name} asks for {parameter}, which no request can give.")
    return Handler(
        path=path,
        method=name.upper(),
        call=call,
        guard=guard,
        given=tuple(hints),
        body=Decoder(hints["body"]) if "body" in hints else None,
        query=Decoder(hints["query"]) if "query" in hints else None,
        path_types={key: hints[key] for key in parameters if key in hints},
        returns=returns,
    )


def _is_known(parameter: str, kind: Any, path_parameters: dict[str, str]) -> bool:
    if parameter in ("body", "query"):
        return isinstance(kind, type) and issubclass(kind, Body)
    return GIVEN.get(parameter) is kind or parameter in path_parameters


def _snake(camel: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", camel).lower()


class ApiRouter(Router):
    """Starlette's router, with literal paths looked up in a table before patterns are tried."""

    def __init__(self, pages: dict[str, ASGIApp], **options: Any) -> None:
        literal = {path: page for path, page in pages.items() if "{" not in path}
        patterns = sorted(path for path in pages if "{" in path)
        routes = [Route(path, pages[path]) for path in patterns]
        super().__init__(routes=routes, redirect_slashes=False, **options)
        self._literal = literal

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a literal path at once; a trailing slash below /api makes no difference."""
        if scope["type"] == "http":
            path = scope["path"]
            if path.endswith("/") and path.startswith("/api/"):
                path = scope["path"] = path.rstrip("/")
            if page := self._literal.get(path):
                await page(scope, receive, send)
                return
        await super().app(scope, receive, send)
