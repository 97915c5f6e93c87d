"""What several machines remember together, in one PostgreSQL."""
