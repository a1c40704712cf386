"""The queue of record: enqueue, claim, run, watch. Celery only carries job ids."""
