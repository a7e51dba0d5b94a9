"""The formula language, as far as filters and the base's own formula fields use it."""

from tasks.dev.airtable.formula.compile import Compiled, Row, compile_formula
from tasks.dev.airtable.formula.parser import FormulaError
from tasks.dev.airtable.formula.values import truthy

__all__ = ["Compiled", "FormulaError", "Row", "compile_formula", "truthy"]
