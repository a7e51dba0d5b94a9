"""The OpenAPI 3.1 document, made from the same signatures the router serves."""

import inspect
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import msgspec

from api._lib.guard import PROOFS, Access, Guard
from api._lib.router import Handler
from api._lib.wire import Bare, Email, Empty, Encoded, Redirect, Reply

ENVELOPE_ERROR = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {"success": {"const": False}, "error": {"type": "string"}},
}
COMMON_ERRORS = {
    Access.PUBLIC: (400, 429, 500, 503),
    Access.REFRESH_COOKIE: (401, 403, 429, 500, 503),
    Access.SECRET: (400, 401, 413, 415, 429, 500, 503),
    Access.USER: (400, 401, 403, 404, 429, 500, 503),
    Access.ADMIN: (400, 401, 403, 404, 429, 500, 503),
}


def document(handlers: Iterable[Handler], version: str) -> dict[str, Any]:
    """The document for all handlers."""
    handlers = list(handlers)
    shapes = [shape for handler in handlers for shape in _shapes(handler)]
    schemas, components = msgspec.json.schema_components(
        shapes, schema_hook=_custom, ref_template="#/components/schemas/{name}"
    )
    by_shape = dict(zip(map(id, shapes), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for handler in handlers:
        operation = _operation(handler, by_shape, components)
        paths.setdefault(handler.path, {})[handler.method.lower()] = operation
    # The fields of a query stand as parameters where they are asked for.
    referred = msgspec.json.encode([paths, components]).decode()
    queries = {handler.query.shape for handler in handlers if handler.query}
    for name in (_name(shape, by_shape) for shape in queries):
        if f'"#/components/schemas/{name}"' not in referred:
            del components[name]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mental Fitness API", "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components | {"Error": ENVELOPE_ERROR},
            "securitySchemes": _schemes(),
        },
    }


def _shapes(handler: Handler) -> list[Any]:
    shapes = [decoder.shape for decoder in (handler.body, handler.query) if decoder is not None]
    shapes += list(handler.path_types.values())
    return [*shapes, *_data_types(handler.returns)]


def _data_types(returns: Any) -> tuple[Any, ...]:
    """The types `data` may have; none where the answer is not ours to describe."""
    if get_origin(returns) is Reply:
        return _data_types(get_args(returns)[0])
    if isinstance(returns, UnionType):
        return tuple(part for kind in get_args(returns) for part in _data_types(kind))
    undescribed = (Bare, Encoded, Empty, Redirect, Any, None, NoneType)
    return () if returns in undescribed else (returns,)


def _name(shape: type, by_shape: dict[int, Any]) -> str:
    """Under which name the components have a struct."""
    return str(by_shape[id(shape)]["$ref"]).split("/")[-1]


def _operation(
    handler: Handler, by_shape: dict[int, Any], components: dict[str, Any]
) -> dict[str, Any]:
    lines = (inspect.getdoc(handler.call) or "").splitlines()
    operation: dict[str, Any] = {
        "summary": lines[0] if lines else handler.path,
        "tags": [handler.path.split("/")[2]],
        "operationId": f"{handler.method.lower()}{handler.path}".replace("/", "_"),
        "parameters": _parameters(handler, by_shape, components),
        "responses": _responses(handler, by_shape),
        "security": _security(handler.guard),
    }
    if handler.body is not None:
        content = {"application/json": {"schema": by_shape[id(handler.body.shape)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(
    handler: Handler, by_shape: dict[int, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for part in handler.path.split("/"):
        if part.startswith("{"):
            kind = handler.path_types.get(_snake(part[1:-1]))
            schema = by_shape.get(id(kind), {"type": "string"})
            found.append({"name": part[1:-1], "in": "path", "required": True, "schema": schema})
    if handler.query is not None:
        query = components[_name(handler.query.shape, by_shape)]
        for name, schema in query["properties"].items():
            required = name in query["required"]
            found.append({"name": name, "in": "query", "required": required, "schema": schema})
    return found


def _responses(handler: Handler, by_shape: dict[int, Any]) -> dict[str, Any]:
    if handler.returns is Redirect:
        success: dict[str, Any] = {"302": {"description": "Elsewhere"}}
    elif handler.returns is Empty:
        success = {"204": {"description": "Nothing to read"}}
    else:
        kinds = [by_shape[id(kind)] for kind in _data_types(handler.returns)]
        data = {} if not kinds else kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        schema = {
            "type": "object",
            "required": ["success", "data"],
            "properties": {"success": {"const": True}, "data": data},
        }
        content = {"application/json": {"schema": schema}}
        success = {"2XX": {"description": "Success", "content": content}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    failures = {
        str(status): {"description": "Error", "content": error}
        for status in COMMON_ERRORS[handler.guard.access]
    }
    failures["4XX"] = {"description": "Error", "content": error}
    return success | failures


def _security(guard: Guard) -> list[dict[str, list[str]]]:
    if guard.access in (Access.USER, Access.ADMIN):
        return [{"accessToken": []}]
    if guard.access is Access.SECRET:
        return [{guard.secret or "": []}]
    return [{"refreshCookie": []}] if guard.access is Access.REFRESH_COOKIE else []


def _schemes() -> dict[str, Any]:
    secrets = {
        name: {"type": "apiKey", "in": "header", "name": proof.header}
        for name, proof in PROOFS.items()
    }
    return {
        "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refreshToken"},
        **secrets,
    }


def _custom(kind: type) -> dict[str, Any]:
    if kind is Email:
        return {"type": "string", "format": "email", "maxLength": 254}
    raise NotImplementedError(f"no schema for {kind.__name__}")


def _snake(camel: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel)
