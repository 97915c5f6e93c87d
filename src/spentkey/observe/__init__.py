"""What can be seen from outside while Spentkey works: metrics, logs, traces. None of it decides anything."""
