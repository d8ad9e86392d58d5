"""Faults, jobs, calls, pairs, promises, the benchmark. Uses model, brokers, stack, record and judge."""
