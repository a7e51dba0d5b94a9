"""Tracking: what people do, from method completions to finished beliefs."""
