"""The demonstration: the simulator in a process of its own, and whether what it shows is what is true there."""

DESKS = ("ivanti", "files")
"""The service desks that the demonstration has, each with the vault that goes with it."""
