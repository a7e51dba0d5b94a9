"""The rules of the rewards: pure functions, without input, output or clock."""
