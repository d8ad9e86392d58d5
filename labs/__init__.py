"""Put what is said about message brokers to the test, on real brokers."""

__version__ = "0.1.0"
