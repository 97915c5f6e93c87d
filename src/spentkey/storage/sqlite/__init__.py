"""What one machine remembers in one SQLite database: the same chain of records, found by indexes and not by reading all."""
