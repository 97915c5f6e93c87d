"""Where evidence is kept."""
