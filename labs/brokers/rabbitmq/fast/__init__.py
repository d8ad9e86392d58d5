"""AMQP and the stream protocol by hand: frames that are built once and stamped in place."""
