"""The push service's HTTP interface, and the pages by which it is watched and controlled."""

from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
from aiohttp import web

from tasks.dev.local_server import LocalServer, json_answer
from tasks.dev.push.behaviour import Behaviour, Behaviours, act
from tasks.dev.push.devices import Device, Unreadable
from tasks.dev.push.page import render
from tasks.dev.push.rules import MAX_BODY, Refused, Signatures, check_message

KEPT, SHOWN = 100_000, 100


class NewDevice(msgspec.Struct, rename="camel"):
    """The wish of a browser: the key it was given, as in `pushManager.subscribe`."""

    application_server_key: str | None = None


class PushStandIn(LocalServer):
    """The service on a loopback port; messages and refusals stay readable."""

    def __init__(self, port: int = 0) -> None:
        app = web.Application(client_max_size=MAX_BODY * 4)
        app.add_routes(
            [
                web.get("/", self._page),
                web.post("/push/{device}", self._receive),
                web.post("/subscriptions", self._subscribe),
                web.delete("/subscriptions/{device}", self._unsubscribe),
                web.get("/messages", self._list),
                web.delete("/messages", self._forget),
                web.get("/attempts", self._attempts),
                web.get("/control", self._explain),
                web.post("/control", self._instruct),
                web.delete("/control", self._calm),
            ]
        )
        super().__init__(app, port)
        self.messages: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.attempts: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.arrived = 0
        self._devices: dict[str, Device | None] = {}
        self._behaviours = Behaviours()
        self._signatures = Signatures()

    def subscribe(self, server_key: str | None = None) -> dict[str, Any]:
        """A new device, in the form a browser describes its subscription."""
        device = Device(server_key)
        self._devices[device.id] = device
        return device.description(self.url)

    def unsubscribe(self, endpoint: str) -> None:
        """Let a device end its subscription: from now on it is gone."""
        self._devices[endpoint.rpartition("/")[2]] = None

    def behave(self, endpoint: str | None = None, **how: Any) -> None:
        """Answer messages to one device or all in this way; `how` are the fields of Behaviour."""
        device = endpoint.rpartition("/")[2] if endpoint else None
        self._behaviours.told.append(Behaviour(device=device, **how))

    def release(self) -> None:
        """Answer all messages that are held."""
        self._behaviours.release()

    def reset(self) -> None:
        """Forget messages, attempts and behaviours, and answer what is held; devices stay."""
        self.messages.clear()
        self.attempts.clear()
        self._behaviours.clear()

    async def _receive(self, request: web.Request) -> web.Response:
        device = request.match_info["device"]
        # What has arrived as a whole is dealt with, even when its sender is gone by then.
        await request.read()
        self.arrived += 1
        behaviour = self._behaviours.choose(device)
        await act(behaviour, self._behaviours.released, request)
        answer = web.Response(status=behaviour.status, headers=behaviour.headers())
        try:
            if behaviour.delivers:
                await self._deliver(device, request)
        except Refused as refused:
            answer = web.Response(status=refused.status, text=str(refused))
        self.attempts.append(
            {"device": device, "status": answer.status, "connection": _connection(request)}
        )
        return answer

    async def _deliver(self, device_id: str, request: web.Request) -> None:
        body = await request.read()
        check_message(request.headers, body)
        device = self._device(device_id)
        key, claims = self._signatures.verify(request.headers.get("Authorization"), self.url)
        if device.server_key not in (None, key):
            raise Refused(403, "the device subscribed with another server's key")
        try:
            text = device.read(body)
        except Unreadable:
            raise Refused(400, "the body was not encrypted for this device") from None
        self.messages.append(_message(device_id, request, text) | {"subject": claims["sub"]})

    def _device(self, device_id: str) -> Device:
        if device_id not in self._devices:
            raise Refused(404, "no such subscription")
        device = self._devices[device_id]
        if device is None:
            raise Refused(410, "the subscription has ended")
        return device

    async def _subscribe(self, request: web.Request) -> web.Response:
        try:
            wish = msgspec.json.decode(await request.read() or b"{}", type=NewDevice)
        except msgspec.MsgspecError as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(self.subscribe(wish.application_server_key), 201)

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        self.unsubscribe(request.match_info["device"])
        return json_answer({})

    async def _list(self, request: web.Request) -> web.Response:
        endpoint = request.query.get("subscription", "")
        device = endpoint.rpartition("/")[2]
        return json_answer([one for one in self.messages if device in ("", one["device"])])

    async def _forget(self, _: web.Request) -> web.Response:
        self.messages.clear()
        self.attempts.clear()
        return json_answer([])

    async def _attempts(self, _: web.Request) -> web.Response:
        return json_answer(list(self.attempts))

    async def _page(self, _: web.Request) -> web.Response:
        latest = islice(reversed(self.messages), SHOWN)
        return web.Response(text=render(latest), content_type="text/html")

    async def _explain(self, _: web.Request) -> web.Response:
        return json_answer(self._behaviours.told)

    async def _instruct(self, request: web.Request) -> web.Response:
        try:
            told = msgspec.json.decode(await request.read(), type=Behaviour)
        except msgspec.MsgspecError as error:
            return json_answer({"error": str(error)}, 400)
        self._behaviours.told.append(told)
        return await self._explain(request)

    async def _calm(self, request: web.Request) -> web.Response:
        self._behaviours.clear()
        return await self._explain(request)


def _message(device: str, request: web.Request, text: str) -> dict[str, Any]:
    return {
        "device": device,
        "receivedAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "ttl": int(request.headers["TTL"]),
        "urgency": request.headers.get("Urgency", "normal"),
        "topic": request.headers.get("Topic"),
        "text": text,
        "payload": _json(text),
    }


def _connection(request: web.Request) -> int | None:
    """The sender's port, which tells connections apart."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return peer[1] if peer else None


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
