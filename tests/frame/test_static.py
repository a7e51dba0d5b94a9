"""The web client's files and its shell."""

from pathlib import Path

import httpx
import pytest

from tests.endpoints.conftest import app, client

__all__ = ["app", "client"]
FRESH = "no-cache, no-store, must-revalidate"


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """With a small built client."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>shell</title>")
    (folder / "assets/app-123.js").write_text("console.log('hello');" * 200)
    (folder / "sw.js").write_text("self.skipWaiting();")
    (folder / "manifest.webmanifest").write_text("{}")
    (folder / ".secret").write_text("no")
    (tmp_path / "outside.txt").write_text("no")
    return environ | {"STATIC_DIR": str(folder)}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/login",
        "/programs/recX",
        "/auth/verify?token=abc",
        "/methods/recM",
        f"/programs/{'long' * 2_000}",
    ],
)
async def test_pages_of_the_client_get_the_shell(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "shell" in answer.text
    assert answer.headers["cache-control"] == FRESH
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none-123.js",
        "/assets",
        "/assets/",
        "/registerSW.js",
        "/.secret",
        "/..%2foutside.txt",
        "/%2e%2e/outside.txt",
        "/missing.png",
        f"/{'long' * 100}.png",
        "/%252e%252e/outside.txt",
    ],
)
async def test_F_H5_missing_files_are_404_and_never_the_shell(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["success"] is False
    assert answer.headers["cache-control"] == "no-store"


async def test_hashed_assets_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/app-123.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.startswith("console.log")


async def test_parts_of_a_file_can_be_asked_for(client: httpx.AsyncClient) -> None:
    asked = {"range": "bytes=0-6", "accept-encoding": "identity"}
    answer = await client.get("/assets/app-123.js", headers=asked)
    assert (answer.status_code, answer.text) == (206, "console")


async def test_the_service_worker_is_always_checked_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sw.js")
    assert answer.headers["cache-control"] == FRESH
    again = await client.get("/sw.js", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_the_manifest_has_its_own_type(client: httpx.AsyncClient) -> None:
    answer = await client.get("/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    assert answer.headers["cache-control"] == "public, max-age=0"


async def test_other_methods_outside_api_are_405(client: httpx.AsyncClient) -> None:
    answer = await client.post("/login")
    assert answer.status_code == 405
    assert answer.json()["success"] is False


async def test_head_on_a_page_is_like_get(client: httpx.AsyncClient) -> None:
    answer = await client.head("/programs/recX")
    assert (answer.status_code, answer.content) == (200, b"")
