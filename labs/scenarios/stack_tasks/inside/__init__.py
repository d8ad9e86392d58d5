"""Scripts that run in Celery's own environment: they import Celery, the standard library and each other."""
