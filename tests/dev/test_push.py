"""The local push service: as strict as those of browser vendors, and readable for tests."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pywebpush import WebPusher

from api._lib.push_keys import encoded
from tasks.dev.push import PushStandIn
from tasks.dev.push.page import render

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
TEXT = '{"title":"Hallo","body":"Tijd om te ademen"}'


def public(key: ec.EllipticCurvePrivateKey) -> str:
    return encoded(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


@pytest.fixture
async def service() -> AsyncIterator[PushStandIn]:
    async with PushStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def http(service: PushStandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.url) as opened:
        yield opened


def signed(
    service: PushStandIn, key: ec.EllipticCurvePrivateKey = KEY, shown: str = "", **changes: Any
) -> str:
    claims = {"aud": service.url, "exp": int(time.time()) + 3600, "sub": "mailto:a@b.test"}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return f"vapid t={jwt.encode(claims, key, 'ES256')}, k={shown or public(key)}"


def headers(service: PushStandIn, **changes: str | None) -> dict[str, str]:
    usual: dict[str, str | None] = {
        "TTL": "60",
        "Content-Encoding": "aes128gcm",
        "Authorization": signed(service),
    }
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in (usual | named).items() if value is not None}


def body(device: dict[str, Any], text: str = TEXT) -> bytes:
    encrypted: bytes = WebPusher(device).encode(text.encode())["body"]
    return encrypted


async def post(
    http: httpx.AsyncClient, device: dict[str, Any], given: dict[str, str], **content: bytes
) -> httpx.Response:
    sent = content.get("content", body(device))
    return await http.post(device["endpoint"], content=sent, headers=given)


async def test_a_browser_subscribes_and_reads_its_messages(
    service: PushStandIn, http: httpx.AsyncClient
) -> None:
    wish = {"applicationServerKey": public(KEY)}
    device = (await http.post("/subscriptions", json=wish)).json()
    other = (await http.post("/subscriptions")).json()
    assert device["endpoint"].startswith(f"{service.url}/push/")
    assert (await post(http, device, headers(service, Topic="a-1", Urgency="high"))).is_success
    assert (await post(http, other, headers(service))).status_code == 201
    query = {"subscription": device["endpoint"]}
    (message,) = (await http.get("/messages", params=query)).json()
    assert (message["text"], message["payload"]["title"]) == (TEXT, "Hallo")
    assert (message["ttl"], message["topic"], message["urgency"]) == (60, "a-1", "high")
    assert len((await http.get("/messages")).json()) == 2
    assert [one["status"] for one in (await http.get("/attempts")).json()] == [201, 201]
    await http.delete("/messages")
    assert (await http.get("/messages")).json() == []


async def test_the_page_shows_the_messages_without_trusting_them(
    service: PushStandIn, http: httpx.AsyncClient
) -> None:
    assert "Nothing has arrived" in (await http.get("/")).text
    device = service.subscribe()
    for text in (TEXT, '{"title":"<script>","body":"&"}', "no json <b>"):
        await post(http, device, headers(service), content=body(device, text))
    page = (await http.get("/")).text
    assert "Tijd om te ademen" in page
    assert "&lt;script&gt;" in page
    assert "no json &lt;b&gt;" in page
    assert "<script>" not in page
    assert page.index("no json") < page.index("Tijd om")


def test_an_empty_page_is_a_page() -> None:
    assert render([]).endswith("</html>")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"TTL": None}, 400),
        ({"TTL": "soon"}, 400),
        ({"Content_Encoding": None}, 400),
        ({"Content_Encoding": "aesgcm"}, 400),
        ({"Urgency": "now"}, 400),
        ({"Topic": "x" * 33}, 400),
        ({"Topic": "a b"}, 400),
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer x"}, 401),
        ({"Authorization": "vapid t=a.b.c, k=x"}, 403),
    ],
)
async def test_a_message_of_the_wrong_form_is_refused(
    service: PushStandIn, http: httpx.AsyncClient, changes: dict[str, str | None], status: int
) -> None:
    answer = await post(http, service.subscribe(), headers(service, **changes))
    assert answer.status_code == status
    assert not service.messages


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://fcm.googleapis.com"},
        {"aud": None},
        {"exp": int(time.time()) - 1},
        {"exp": int(time.time()) + 25 * 3600},
        {"exp": None},
        {"sub": None},
        {"sub": "somebody"},
        {"shown": public(OTHER)},
        {"key": OTHER},
    ],
)
async def test_a_signature_that_is_wrong_is_refused(
    service: PushStandIn, http: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    device = service.subscribe(public(KEY))
    given = headers(service, Authorization=signed(service, **changes))
    assert (await post(http, device, given)).status_code == 403
    assert not service.messages


async def test_a_body_for_another_device_is_refused(
    service: PushStandIn, http: httpx.AsyncClient
) -> None:
    device = service.subscribe()
    for content in (body(service.subscribe()), b"", b"plain text", body(device)[:-1]):
        answer = await post(http, device, headers(service), content=content)
        assert answer.status_code == 400
    too_large = await post(http, device, headers(service), content=b"x" * 4097)
    assert too_large.status_code == 413


async def test_unknown_and_ended_subscriptions_are_told_apart(
    service: PushStandIn, http: httpx.AsyncClient
) -> None:
    device = service.subscribe()
    ended = device["endpoint"].rpartition("/")[2]
    await http.delete(f"/subscriptions/{ended}")
    assert (await post(http, device, headers(service))).status_code == 410
    device["endpoint"] = f"{service.url}/push/unknown"
    assert (await post(http, device, headers(service))).status_code == 404


async def test_behaviours_are_for_one_device_or_all_and_wear_out(
    service: PushStandIn, http: httpx.AsyncClient
) -> None:
    device, other = service.subscribe(), service.subscribe()
    name = device["endpoint"].rpartition("/")[2]
    told = {"device": name, "status": 429, "retryAfter": "9", "times": 1}
    assert (await http.post("/control", json=told)).json()[0]["status"] == 429
    await http.post("/control", json={"status": 307, "location": "http://127.0.0.1:9/", "times": 1})
    throttled = await post(http, device, headers(service))
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "9")
    moved = await post(http, other, headers(service))
    assert (moved.status_code, moved.headers["Location"]) == (307, "http://127.0.0.1:9/")
    assert (await post(http, device, headers(service))).status_code == 201
    await http.post("/control", json={"status": 503})
    assert (await post(http, device, headers(service))).status_code == 503
    assert (await http.delete("/control")).json() == []
    assert (await post(http, device, headers(service))).status_code == 201
    assert len(service.messages) == 2


@pytest.mark.parametrize("wrong", [{"status": 99}, {"times": 0}, {"way": "sing"}, {"color": 1}])
async def test_a_behaviour_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    assert (await http.post("/control", json=wrong)).status_code == 400
    assert (await http.post("/subscriptions", content=b"{")).status_code == 400


async def test_it_can_hang_be_slow_and_cut_the_connection(
    service: PushStandIn, http: httpx.AsyncClient
) -> None:
    device = service.subscribe()
    service.behave(way="disconnect", times=1)
    with pytest.raises(httpx.TransportError):
        await post(http, device, headers(service))
    service.behave(way="hang", times=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await post(http, device, headers(service))
    service.behave(delay_seconds=0.05, times=1)
    assert (await post(http, device, headers(service))).status_code == 201
    service.reset()
    assert not service.messages
