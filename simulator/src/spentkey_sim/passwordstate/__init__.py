"""Passwordstate: its web API, and the SQL Server database behind it."""
