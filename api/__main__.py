"""The production server: `python -m api`."""

import logging
import os
import sys

from api._lib.app import App
from api._lib.logs import configure
from api._lib.router import RouteError
from api._lib.server import serve
from api._lib.settings import Role, SettingsError
from api._lib.settings_loader import load_settings

log = logging.getLogger("api")


def main() -> None:
    """Start the server, or end with status 1 and one sentence that says why."""
    try:
        settings = load_settings(os.environ, Role.APP)
        configure(settings.log_level)
        app = App(settings)
    except (SettingsError, RouteError) as error:
        sys.exit(str(error))
    for warning in settings.warnings:
        log.warning(warning)
    extra = {"version": settings.app_version, "commit": settings.app_commit}
    log.info("starting", extra=extra)
    serve(app)


if __name__ == "__main__":
    main()
