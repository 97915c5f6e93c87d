"""Where the configuration comes from and what may stand in it."""
