"""A time stamp authority (RFC 3161): somebody else who says that a checkpoint was there at a time."""
