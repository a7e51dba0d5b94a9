"""The stand-in's HTTP interface: chat completions, and the pages by which it is controlled."""

import hmac
from typing import Any

import msgspec
from aiohttp import web

from tasks.dev.local_server import LocalServer, json_answer
from tasks.dev.openai.behaviour import MODES, Behaviour, Plan, completion
from tasks.dev.openai.strictness import Refused, check_request
from tasks.dev.openai.wanted import read

KEY = "sk-local-stand-in"
MAX_BODY = 8 << 20


class OpenAiStandIn(LocalServer):
    """The service on a loopback port; everything it was sent stays readable."""

    def __init__(self, port: int = 0) -> None:
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._complete),
                web.get("/requests", self._list),
                web.delete("/requests", self._forget),
                web.get("/control", self._explain),
                web.post("/control", self._instruct),
                web.delete("/control", self._calm),
            ]
        )
        super().__init__(app, port)
        self.requests: list[dict[str, Any]] = []
        self._plan = Plan()

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL has to be."""
        return f"{self.url}/v1"

    def answer(self, mode: str = "good", **how: Any) -> None:
        """Answer in this way from now on, or `times` times; `how` are the fields of Behaviour."""
        self._plan.add(Behaviour(mode=mode, **how))

    def reset(self) -> None:
        """Forget all requests and instructions."""
        self.requests.clear()
        self._plan.waiting.clear()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await self._received(request)
        except Refused as refused:
            return json_answer(refused.document, refused.status)
        behaviour = await self._plan.next()
        if behaviour.mode == "disconnect" and request.transport:
            request.transport.abort()
        if behaviour.mode == "not_an_answer":
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        if behaviour.mode == "broken_json":
            return web.Response(text='{"id": "chatcmpl', content_type="application/json")
        if behaviour.mode == "error":
            return _error(behaviour)
        return json_answer(_completed(len(self.requests), body, behaviour))

    async def _received(self, request: web.Request) -> dict[str, Any]:
        token = request.headers.get("Authorization", "")
        if not hmac.compare_digest(token.encode(), f"Bearer {KEY}".encode()):
            raise Refused("Incorrect API key provided.", 401, code="invalid_api_key")
        try:
            body: dict[str, Any] = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            raise Refused("We could not parse the JSON body of your request.") from None
        check_request(body)
        self.requests.append(body)
        return body

    async def _list(self, _: web.Request) -> web.Response:
        return json_answer(self.requests)

    async def _forget(self, _: web.Request) -> web.Response:
        self.requests.clear()
        return json_answer([])

    async def _explain(self, _: web.Request) -> web.Response:
        return json_answer({"modes": MODES, "waiting": self._plan.waiting})

    async def _instruct(self, request: web.Request) -> web.Response:
        try:
            self._plan.add(msgspec.json.decode(await request.read(), type=Behaviour))
        except msgspec.MsgspecError as error:
            return json_answer({"error": str(error)}, 400)
        return await self._explain(request)

    async def _calm(self, request: web.Request) -> web.Response:
        self._plan.waiting.clear()
        return await self._explain(request)


def _completed(number: int, body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    described = (body.get("response_format") or {}).get("json_schema") or {}
    prompt = "\n".join(message["content"] for message in body["messages"])
    return completion(number, body, behaviour, read(described.get("schema", {}), prompt))


def _error(behaviour: Behaviour) -> web.Response:
    code = "rate_limit_exceeded" if behaviour.status == 429 else None
    refused = Refused("The stand-in was told to refuse.", behaviour.status, code=code)
    answer = json_answer(refused.document, refused.status)
    if behaviour.retry_after is not None:
        answer.headers["Retry-After"] = behaviour.retry_after
    return answer
