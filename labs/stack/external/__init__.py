"""Brokers that somebody else started: named by the environment or by an address."""
