"""Attachments: written by URL, shown with links that change, really served, soon expired."""

import io
import wave

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import METHODS, kind

PHOTO = {"url": "https://example.test/pictures/body%20scan.png"}


def attach(http: httpx.Client, *files: object) -> httpx.Response:
    return http.post(METHODS, json={"fields": {"Foto": list(files)}})


def test_an_attachment_gets_an_id_and_links(http: httpx.Client, airtable: AirtableServer) -> None:
    record = attach(http, PHOTO).json()
    photo = record["fields"]["Foto"][0]
    assert photo["id"].startswith("att")
    assert (photo["filename"], photo["type"]) == ("body scan.png", "image/png")
    assert photo["url"].startswith(airtable.url)
    assert set(photo["thumbnails"]) == {"small", "large", "full"}
    named = attach(http, {**PHOTO, "filename": "other.svg"}).json()["fields"]["Foto"][0]
    assert (named["filename"], named["type"]) == ("other.svg", "image/svg+xml")


def test_the_id_stays_and_the_links_change_on_every_read(http: httpx.Client) -> None:
    record = attach(http, PHOTO).json()["id"]
    first, second = (http.get(f"{METHODS}/{record}").json()["fields"]["Foto"][0] for _ in range(2))
    assert first["id"] == second["id"]
    assert first["url"] != second["url"]
    assert first["thumbnails"]["large"]["url"] != second["thumbnails"]["large"]["url"]


@pytest.mark.parametrize(
    ("filename", "media_type", "start"),
    [
        ("a.png", "image/png", b"\x89PNG"),
        ("a.jpg", "image/png", b"\x89PNG"),
        ("a.svg", "image/svg+xml", b"<svg"),
        ("a.wav", "audio/wav", b"RIFF"),
        ("a.mp3", "audio/wav", b"RIFF"),
    ],
)
def test_the_file_is_served_without_a_token(
    http: httpx.Client, filename: str, media_type: str, start: bytes
) -> None:
    shown = attach(http, {"url": f"https://example.test/{filename}"}).json()["fields"]["Foto"][0]
    answer = httpx.get(shown["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.content.startswith(start)
    assert len(answer.content) == shown["size"]
    for thumbnail in shown.get("thumbnails", {}).values():
        assert httpx.get(thumbnail["url"]).content == answer.content


def test_the_sound_is_a_playable_file(http: httpx.Client) -> None:
    shown = attach(http, {"url": "https://example.test/a.wav"}).json()["fields"]["Foto"][0]
    with wave.open(io.BytesIO(httpx.get(shown["url"]).content)) as sound:
        assert sound.getnframes() == 2 * sound.getframerate()


def test_a_link_expires_after_two_hours(http: httpx.Client, airtable: AirtableServer) -> None:
    url = attach(http, PHOTO).json()["fields"]["Foto"][0]["url"]
    airtable.control.advance(2 * 3600 - 5)
    assert httpx.get(url).status_code == 200
    airtable.control.advance(10)
    assert httpx.get(url).status_code == 410


def test_a_forged_link_is_refused(http: httpx.Client) -> None:
    url = attach(http, PHOTO).json()["fields"]["Foto"][0]["url"]
    start, expires, rest = url.rsplit("/", 4)[0], url.rsplit("/", 4)[1], url.rsplit("/", 3)[1:]
    later = "/".join([start, str(int(expires) + 9999), *rest])
    assert httpx.get(later).status_code == 410


def test_a_file_is_kept_by_its_id(http: httpx.Client) -> None:
    record = attach(http, PHOTO).json()
    kept = {"id": record["fields"]["Foto"][0]["id"]}
    body = {"fields": {"Foto": [kept, {"url": "https://example.test/b.png"}]}}
    files = http.patch(f"{METHODS}/{record['id']}", json=body).json()["fields"]["Foto"]
    assert [file["id"] == kept["id"] for file in files] == [True, False]
    emptied = http.patch(f"{METHODS}/{record['id']}", json={"fields": {"Foto": []}}).json()
    assert "Foto" not in emptied["fields"]


@pytest.mark.parametrize(
    "file", [{"id": "attUnknown"}, {"url": "ftp://example.test/a"}, {"url": 7}, {}]
)
def test_a_bad_attachment_is_refused(http: httpx.Client, file: object) -> None:
    answer = attach(http, file)
    assert (answer.status_code, kind(answer)) == (422, "INVALID_ATTACHMENT_OBJECT")
