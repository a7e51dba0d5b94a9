"""Who may ask what: token, base, table, scope, length and form of a request."""

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import HABITS, NOWHERE, USERS, kind


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic x", "Bearer"])
def test_a_request_without_the_right_token_is_401(
    airtable: AirtableServer, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    answer = httpx.get(f"{airtable.url}/v0/{airtable.base_id}/{USERS}", headers=headers)
    assert answer.status_code == 401
    assert kind(answer) == "AUTHENTICATION_REQUIRED"


def test_another_base_is_403_and_no_base_id_is_404(root: httpx.Client) -> None:
    other = root.get(f"/v0/appOtherOtherOthr/{USERS}")
    assert (other.status_code, kind(other)) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert root.get(f"/v0/nonsense/{USERS}").json() == {"error": "NOT_FOUND"}


def test_an_unknown_table_is_403_and_a_known_one_answers_by_id_and_by_name(
    http: httpx.Client,
) -> None:
    assert http.get("tblUnknownUnknown").status_code == 403
    assert http.get(USERS).json() == http.get("Gebruikers").json() == {"records": []}


def test_an_unknown_path_or_method_is_404(http: httpx.Client, root: httpx.Client) -> None:
    assert root.get("/v0/meta/nothing/here/at/all").json() == {"error": "NOT_FOUND"}
    assert http.get(f"{USERS}/listRecords").status_code == 404
    assert http.post(f"{USERS}/{NOWHERE}", json={"fields": {}}).status_code == 404


@pytest.mark.parametrize(
    ("missing", "method", "path", "body"),
    [
        ("data.records:read", "GET", "/v0/{base}/" + USERS, None),
        ("data.records:write", "POST", "/v0/{base}/" + USERS, {"fields": {}}),
        ("schema.bases:read", "GET", "/v0/meta/bases/{base}/tables", None),
        ("schema.bases:write", "POST", "/v0/meta/bases/{base}/tables/" + USERS + "/fields", {}),
        ("webhook:manage", "GET", "/v0/bases/{base}/webhooks", None),
    ],
)
def test_a_token_without_the_scope_is_403(
    airtable: AirtableServer, root: httpx.Client, missing: str, method: str, path: str, body: object
) -> None:
    everything = set(root.get("/v0/meta/whoami").json()["scopes"])
    airtable.control.scopes(everything - {missing})
    answer = root.request(method, path.format(base=airtable.base_id), json=body)
    assert answer.status_code == 403
    assert missing not in root.get("/v0/meta/whoami").json()["scopes"]


def test_a_url_of_more_than_16000_characters_is_refused(http: httpx.Client) -> None:
    assert http.get(HABITS, params={"filterByFormula": f"'{'x' * 15_000}'"}).status_code == 200
    assert http.get(HABITS, params={"filterByFormula": f"'{'x' * 16_000}'"}).status_code == 414
    long = {"filterByFormula": f"'{'x' * 50_000}'"}
    assert http.post(f"{HABITS}/listRecords", json=long).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"records": 1}', 422),
        (b'{"records": [{"id": "recAAAAAAAAAAAAAA"}]}', 422),
        (b'{"fields": {}, "unknownKey": 1}', 422),
    ],
)
def test_a_malformed_body_is_refused(http: httpx.Client, body: bytes, status: int) -> None:
    answer = http.post(HABITS, content=body)
    assert answer.status_code == status
    assert http.get(HABITS).json() == {"records": []}


def test_an_unknown_parameter_is_refused(http: httpx.Client) -> None:
    assert http.get(HABITS, params={"pagesize": 5}).status_code == 422
    assert http.post(f"{HABITS}/listRecords", json={"filter": "x"}).status_code == 422
