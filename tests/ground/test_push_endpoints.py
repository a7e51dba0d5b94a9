"""The guard in front of every push address (F4)."""

import asyncio
from contextlib import suppress
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.push_connection import PublicResolver
from api._lib.push_endpoints import EndpointRefused, EndpointRules, is_public, unreachable
from api._lib.settings import Role, SettingsError
from api._lib.settings_loader import load_settings

RULES = EndpointRules()

KNOWN = [
    "https://fcm.googleapis.com/fcm/send/abc:APA91b-_x",
    "https://FCM.GoogleAPIs.com/fcm/send/abc",
    "https://fcm.googleapis.com:443/fcm/send/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
    "https://web.push.apple.com/QGx",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAB%2f%3d",
]


@pytest.mark.parametrize("endpoint", KNOWN)
def test_known_push_services_are_allowed(endpoint: str) -> None:
    RULES.check(endpoint)


REFUSED = [
    "",
    "fcm.googleapis.com/x",
    "//fcm.googleapis.com/x",
    "http://fcm.googleapis.com/x",
    "ftp://fcm.googleapis.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:80/x",
    "https://fcm.googleapis.com:0/x",
    "https://fcm.googleapis.com:99999/x",
    "https://fcm.googleapis.com:x/x",
    "https://user@fcm.googleapis.com/x",
    "https://user:secret@fcm.googleapis.com/x",
    "https://evil.test\\@fcm.googleapis.com/x",
    "https://evil.test#@fcm.googleapis.com/x",
    "https://evil.test?.fcm.googleapis.com/x",
    "https://fcm.googleapis.com.evil.test/x",
    "https://evilfcm.googleapis.com/x",
    "https://push.apple.com/x",
    "https://evilpush.apple.com/x",
    "https://fcm.googleapis.com./x",
    "https://fcm%2egoogleapis.com/x",
    "https://ｆcm.googleapis.com/x",
    "https://fcm.googleapis.com/x y",
    "https://fcm.googleapis.com/x\r\nHost: inside",
    "https://fcm.googleapis.com/é",
    "https://[::1/x",
    "https:///x",
    "https://localhost/x",
    "https://127.0.0.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://127.1/x",
    "https://[::1]/x",
    "https://[2a00:1450:400e:80d::200a%.push.apple.com]/x",
    "https://[2a00:1450:400e:80d::200a%25.push.apple.com]/x",
    "https://x%2f.push.apple.com/x",
    "https://.push.apple.com/x",
    "https://a..push.apple.com/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.5/x",
    "https://mfa_postgres/x",
    "https://fcm.googleapis.com/" + "x" * 2048,
]


@pytest.mark.parametrize("endpoint", REFUSED)
async def test_F4_everything_else_is_refused_when_subscribing(endpoint: str) -> None:
    with pytest.raises(EndpointRefused):
        RULES.check(endpoint)
    with pytest.raises(EndpointRefused):
        await RULES.verify(endpoint)


@given(st.text(max_size=60))
def test_any_text_is_refused_or_allowed_never_an_error(text: str) -> None:
    for endpoint in (text, f"https://{text}", f"https://fcm.googleapis.com{text}"):
        with suppress(EndpointRefused):
            RULES.check(endpoint)


def test_an_operator_adds_hosts_and_subdomains() -> None:
    rules = EndpointRules(["Push.Example.test", "*.other.test", "pusch-ü.test"])
    for host in ("push.example.test", "a.other.test", "a.b.other.test", "xn--pusch--8ya.test"):
        rules.check(f"https://{host}/x")
    for host in ("other.test", "a.push.example.test", "evilother.test"):
        with pytest.raises(EndpointRefused):
            rules.check(f"https://{host}/x")


@pytest.mark.parametrize("host", ["10.0.0.5", "127.0.0.1", "[::1]", "[fe80::1%25eth0]"])
def test_F4_a_private_address_stays_refused_when_an_operator_lists_it(host: str) -> None:
    with pytest.raises(ValueError, match=r"private network|no host name"):
        EndpointRules([host.strip("[]")]).check(f"https://{host}/x")


async def test_F4_a_listed_name_that_leads_inside_is_refused() -> None:
    rules = EndpointRules(["localhost"])
    rules.check("https://localhost/x")
    with pytest.raises(EndpointRefused, match="private network"):
        await rules.verify("https://localhost/x")
    with pytest.raises(OSError, match="private network"):
        await PublicResolver().resolve("localhost", 443)


async def test_a_name_that_cannot_be_resolved_now_may_subscribe() -> None:
    await EndpointRules(["*.invalid"]).verify("https://push.invalid/x")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9/push/x", "https://localhost:8443/x"])
async def test_a_star_allows_the_local_stand_in(endpoint: str) -> None:
    await EndpointRules(["*"]).verify(endpoint)


@pytest.mark.parametrize("endpoint", ["", "file:///etc/passwd", "http://", "http://u@127.0.0.1/"])
def test_a_star_still_wants_a_web_address(endpoint: str) -> None:
    with pytest.raises(EndpointRefused):
        EndpointRules(["*"]).check(endpoint)


@pytest.mark.parametrize("pattern", ["a..test", "push.*", "*a.test", "https://a.test", "a.test/x"])
def test_a_pattern_that_is_no_host_stops_the_start(pattern: str) -> None:
    with pytest.raises(SettingsError, match="WEB_PUSH_ALLOWED_HOSTS has a value"):
        load_settings({"DATABASE_URL": "x", "WEB_PUSH_ALLOWED_HOSTS": pattern}, Role.TASK)


async def test_L4_hosts_that_cannot_be_reached_are_named() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hosts = ["push.invalid", "127.0.0.1", "a" * 64]
    assert await unreachable(hosts, port) == ["a" * 64, "push.invalid"]
    server.close()


def test_L4_the_hosts_with_a_known_name_are_looked_for() -> None:
    assert EndpointRules(["push.a.test", "*.b.test"]).hosts == {
        "fcm.googleapis.com",
        "push.a.test",
    }


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:400e:80d::200a", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "network",
    [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/127",
        "::ffff:10.0.0.0/104",
        "64:ff9b::127.0.0.0/104",
        "64:ff9b:1::/48",
        "2002:7f00::/24",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    ],
)
def test_F4_no_address_of_these_networks_is_public(network: str) -> None:
    first, last = ip_network(network)[0], ip_network(network)[-1]
    middle = ip_network(network)[ip_network(network).num_addresses // 2]
    assert not any(map(is_public, (first, middle, last)))
