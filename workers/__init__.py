"""The Celery workers: a task decodes, calls the library, and ends."""
