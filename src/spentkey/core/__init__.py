"""What Spentkey decides, without any input or output: no clock, no network, no randomness."""
