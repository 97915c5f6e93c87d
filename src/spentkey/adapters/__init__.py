"""Everything outside: desks, vaults and the directory, each behind a port. They do not know one another."""
