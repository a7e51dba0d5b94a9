"""Change feeds: who listens to what, what they are told, and how they are woken."""
