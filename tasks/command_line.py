"""What the operators' tasks share: how wrong arguments end, and which settings a task needs."""

import argparse
import os
import sys
from typing import NoReturn

from api._lib.settings import Role, Settings, SettingsError
from api._lib.settings_loader import load_settings

EXIT_CONFIGURATION = 4


class Parser(argparse.ArgumentParser):
    """Ends the program with status 4 for arguments that make no sense."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the reason."""
        self.print_usage(sys.stderr)
        self.exit(EXIT_CONFIGURATION, f"{self.prog}: {message}\n")


def airtable_settings() -> Settings:
    """The settings of a task that asks Airtable; raises SettingsError without its credentials."""
    settings = load_settings(os.environ, Role.TASK)
    require_airtable(settings)
    return settings


def require_airtable(settings: Settings) -> None:
    """Raises SettingsError when Airtable cannot be asked."""
    if not (settings.airtable_access_token and settings.airtable_base_id):
        raise SettingsError("Cannot start: AIRTABLE_ACCESS_TOKEN and AIRTABLE_BASE_ID are needed.")
