"""Celery app, dispatcher and thin tasks."""
