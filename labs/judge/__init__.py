"""A run in, numbers out: latency, throughput, loss, limit, digest. Pure functions. Uses model."""
