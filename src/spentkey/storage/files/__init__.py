"""What one machine remembers: the evidence in a file, and locks on files."""
