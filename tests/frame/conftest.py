"""Small applications made of files that a test writes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.settings import Settings

Serve = Callable[[dict[str, str]], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve(settings: Settings, clock: ManualClock, tmp_path: Path) -> Serve:
    """Serves endpoint files given by name and source."""

    @asynccontextmanager
    async def serving(files: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
        for name, source in files.items():
            file = tmp_path / "api" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)
        app = App(settings, clock=clock, api_root=tmp_path / "api")
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.running(),
            httpx.AsyncClient(transport=transport, base_url="http://mfa.test") as client,
        ):
            yield client

    return serving
