"""Redis clients with time-outs. Only this module and the cache service speak to Redis."""

from __future__ import annotations

from functools import lru_cache

import redis

from dashboard_config import get_settings

CONNECT_TIMEOUT_S = 0.1
READ_TIMEOUT_S = 0.1


@lru_cache(maxsize=4)
def _client_of(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=READ_TIMEOUT_S,
        retry=None,
        decode_responses=True,
    )


def get_redis() -> redis.Redis | None:
    """Return the client of the configured Redis, or None where ``REDIS_ENABLED`` is false."""
    settings = get_settings()
    return _client_of(settings.effective_redis_url) if settings.redis_enabled else None


def is_redis_alive() -> bool:
    """Ask Redis for a PONG, within the time-outs. Not for use inside a request."""
    client = get_redis()
    if client is None:
        return False
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
