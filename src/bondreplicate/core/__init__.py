"""Pure decisions: no database, clock, file or thread."""
