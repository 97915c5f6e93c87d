"""The demonstration: the simulator in a process of its own, and whether what it shows is what is true there."""
