"""The fast lane: the same verbs as the adapters above, with frames that are built once and stamped in place."""
