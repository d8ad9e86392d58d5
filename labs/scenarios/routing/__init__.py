"""Routing by bindings: topologies as data, the puzzles, and what a running RabbitMQ does with twenty messages."""
