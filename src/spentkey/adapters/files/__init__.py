"""A folder of TOML files as a service desk: for whoever has none, and for requests that are reviewed in git."""
