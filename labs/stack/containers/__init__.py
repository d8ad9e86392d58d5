"""The brokers as containers, through Docker Compose."""
