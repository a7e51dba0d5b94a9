"""What holds for people and their sessions, without looking anything up."""
