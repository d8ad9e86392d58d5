"""A server that only keeps messages in memory: our own delay, measured beside every run."""
