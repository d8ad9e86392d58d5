"""Kafka's record batches by hand: built once and stamped in place."""
