"""The order service, a file a framework and broker: the code that a team would own. Each has one class, Service."""
