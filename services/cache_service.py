"""CacheService: JSON values in Redis, and honest misses when Redis is away."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import redis

from dashboard_config import CACHE_TTL_MEDIUM, get_settings
from database.redis_client import get_redis
from utils.clock import monotonic_s
from utils.logger import setup_logger

logger = setup_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_PREFIX = "pfd:cache:"
_PROBE_EVERY_S = 2.0
_SCAN_BATCH = 500
_LOCK_S = 30
_WAIT_S = 5.0
_WAIT_STEP_S = 0.05


class _Circuit:
    """Open after one failure: calls give up at once until a probe, off the request path, succeeds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._probing = False

    def get_client(self) -> redis.Redis | None:
        """Return a client, or None while Redis is away or switched off."""
        return None if self._open else get_redis()

    def trip(self, error: Exception) -> None:
        """Open the circuit and start probing; logged once a break."""
        with self._lock:
            already_open, self._open = self._open, True
            start, self._probing = not self._probing, True
        if not already_open:
            logger.warning(f"cache switched off until Redis answers again: {error}")
        if start:
            threading.Thread(target=self._probe, name="cache-probe", daemon=True).start()

    def _probe(self) -> None:
        waiter = threading.Event()
        while True:
            waiter.wait(_PROBE_EVERY_S)
            client = get_redis()
            if client is None:
                continue
            try:
                client.ping()
            except (redis.RedisError, OSError):
                continue
            with self._lock:
                self._open = self._probing = False
            logger.info("cache is back")
            return


_circuit = _Circuit()


def _ask(question: Callable[[redis.Redis], T], default: T) -> T:
    client = _circuit.get_client()
    if client is None:
        return default
    try:
        return question(client)
    except (redis.RedisError, OSError) as error:
        _circuit.trip(error)
        return default


class CacheService:
    """Cache-aside storage. Keys are ``noun:what:id``; values are JSON."""

    @staticmethod
    def get(key: str) -> Any | None:
        """Return the cached value, or None for a miss. A cached ``0``, ``''`` or ``[]`` is a hit."""
        text = _ask(lambda client: cast("str | None", client.get(_PREFIX + key)), None)
        if text is None:
            return None
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            logger.warning("cached value is not JSON; ignored", extra={"cache_key": key})
            return None

    @staticmethod
    def set(key: str, value: Any, ttl: int = CACHE_TTL_MEDIUM) -> bool:
        """Store ``value`` for ``ttl`` seconds; False where it was not stored.

        Args:
            key: ``noun:what:id``.
            value: Anything that JSON can hold.
            ttl: Seconds, above 0.
        """
        try:
            text = json.dumps(value)
        except (TypeError, ValueError):
            logger.warning("value is not JSON; not cached", extra={"cache_key": key})
            return False
        return _ask(lambda client: bool(client.set(_PREFIX + key, text, ex=max(int(ttl), 1))), False)

    @staticmethod
    def delete(key: str) -> bool:
        """Delete one key; True where it was there."""
        return _ask(lambda client: bool(client.delete(_PREFIX + key)), False)

    @staticmethod
    def invalidate_pattern(pattern: str) -> int:
        """Delete every key that matches a glob and return how many; keys are scanned in batches.

        ``dataset:stats:1`` and ``dataset:stats:1:*`` name one dataset; ``dataset:stats:1*`` would also take
        dataset 10.
        """

        def sweep(client: redis.Redis) -> int:
            deleted, batch = 0, []
            for name in client.scan_iter(match=_PREFIX + pattern, count=_SCAN_BATCH):
                batch.append(name)
                if len(batch) == _SCAN_BATCH:
                    deleted += int(client.delete(*batch))
                    batch = []
            return deleted + (int(client.delete(*batch)) if batch else 0)

        return _ask(sweep, 0)

    @staticmethod
    def get_stats() -> dict[str, Any]:
        """Return ``status`` (``connected``, ``disabled`` or ``unavailable``) and Redis's own counters."""
        empty = {
            "used_memory": None,
            "connected_clients": None,
            "keyspace_hits": None,
            "keyspace_misses": None,
            "hit_rate": None,
        }
        if not get_settings().redis_enabled:
            return {"status": "disabled", **empty}
        info = _ask(lambda client: client.info(), None)
        if info is None:
            return {"status": "unavailable", **empty}
        hits, misses = int(info["keyspace_hits"]), int(info["keyspace_misses"])
        return {
            "status": "connected",
            "used_memory": int(info["used_memory"]),
            "connected_clients": int(info["connected_clients"]),
            "keyspace_hits": hits,
            "keyspace_misses": misses,
            "hit_rate": round(hits / (hits + misses), 4) if hits + misses else None,
        }

    @staticmethod
    def cached(ttl: int, key: Callable[P, str]) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Decorate a function so that its JSON answer is cached under ``key(*args)`` for ``ttl`` seconds.

        One caller computes at a time per key; the others wait for its answer, and compute themselves when
        Redis is away or the wait grows long.
        """

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            @wraps(function)
            def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
                name = key(*args, **kwargs)
                hit = CacheService.get(name)
                if hit is not None:
                    return cast("T", hit)
                ours = _take_turn(name)
                waited = None if ours else _wait_for(name)
                if waited is not None:
                    return cast("T", waited)
                try:
                    value = function(*args, **kwargs)
                    CacheService.set(name, value, ttl)
                finally:
                    if ours:
                        _ask(lambda client: client.delete(_lock_name(name)), 0)
                return value

            return wrapped

        return decorate


def _lock_name(key: str) -> str:
    return f"{_PREFIX}lock:{key}"


def _take_turn(key: str) -> bool:
    return _ask(lambda client: bool(client.set(_lock_name(key), "1", nx=True, ex=_LOCK_S)), True)


def _wait_for(key: str) -> Any | None:
    waiter, deadline_s = threading.Event(), monotonic_s() + _WAIT_S
    while monotonic_s() < deadline_s:
        waiter.wait(_WAIT_STEP_S)
        value = CacheService.get(key)
        if value is not None:
            return value
    return None
