"""Rewards: points, levels, badges, streak and milestones, all counted from what was recorded."""
