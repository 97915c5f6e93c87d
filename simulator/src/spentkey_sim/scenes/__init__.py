"""The built-in world as a list of scenes: what each task shows, and how it is unfolded into the systems' records."""
