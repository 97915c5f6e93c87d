"""A strict simulator of the systems that Spentkey talks to."""
