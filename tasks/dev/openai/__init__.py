"""A local stand-in for the OpenAI service: the same HTTP interface, answers made on the spot."""

from tasks.dev.openai.server import KEY, OpenAiStandIn

__all__ = ["KEY", "OpenAiStandIn"]
