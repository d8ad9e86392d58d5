"""Kafka: client and topics; fast/ has the same with frames of our own."""
