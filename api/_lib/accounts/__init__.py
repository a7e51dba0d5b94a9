"""People: who they are, how they get in, and how they leave."""
