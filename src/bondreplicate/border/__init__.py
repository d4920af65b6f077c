"""Where the program meets the outside: settings, SQL files, PostgreSQL."""
