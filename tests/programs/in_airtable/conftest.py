"""Servers whose programs live in Airtable."""

from tests.flags.conftest import make_stage, model, stage

__all__ = ["make_stage", "model", "stage"]
