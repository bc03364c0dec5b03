"""Keywords that call code: a function, a Celery task or a receiver, until it has worked, and the answer to it."""
