"""A load on a broker, and the run that comes of it: workers, load generator, spool, monitor. Uses model and brokers."""
