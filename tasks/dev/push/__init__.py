"""A local push service: what browser vendors run, with the browsers' half of the keys as well."""

from tasks.dev.push.server import PushStandIn

__all__ = ["PushStandIn"]
