"""What runs the story for many tasks."""
