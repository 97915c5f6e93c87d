"""What a tenant holds that has lapsed, and that it is asked for once."""
