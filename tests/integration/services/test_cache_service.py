"""CacheService against a real Redis, and without one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard_config import Settings
from database import redis_client
from services import cache_service
from services.cache_service import CacheService
from tests.servers import RedisServer


@pytest.fixture(autouse=True)
def fresh_circuit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(cache_service, "_circuit", cache_service._Circuit())
    monkeypatch.setattr(cache_service, "_PROBE_EVERY_S", 0.1)
    redis_client._client_of.cache_clear()
    yield
    redis_client._client_of.cache_clear()


@pytest.fixture
def cache(configure: Callable[..., Settings], redis_server: RedisServer) -> RedisServer:
    configure(REDIS_URL=redis_server.url)
    return redis_server


@pytest.mark.usefixtures("cache")
def test_a_value_comes_back_as_it_was_and_falsy_ones_are_hits() -> None:
    for value in ({"data": 42}, 0, "", [], False, [1.5, None]):
        assert CacheService.set("thing:any:1", value, ttl=300) is True
        assert CacheService.get("thing:any:1") == value
    assert CacheService.get("thing:any:2") is None


@pytest.mark.usefixtures("cache")
def test_a_value_expires() -> None:
    CacheService.set("thing:short:1", 1, ttl=1)
    time.sleep(1.2)
    assert CacheService.get("thing:short:1") is None


@pytest.mark.usefixtures("cache")
def test_a_pattern_takes_what_it_names_and_nothing_else() -> None:
    for key in ("dataset:stats:1", "dataset:stats:1:a", "dataset:stats:1:b", "dataset:stats:10"):
        CacheService.set(key, 1)
    assert CacheService.invalidate_pattern("dataset:stats:1:*") == 2
    assert CacheService.delete("dataset:stats:1") is True
    assert CacheService.get("dataset:stats:10") == 1


@pytest.mark.usefixtures("cache")
def test_what_is_not_json_is_not_cached() -> None:
    assert CacheService.set("thing:bad:1", object()) is False


@pytest.mark.usefixtures("cache")
def test_of_many_callers_one_computes_and_the_others_wait() -> None:
    computed = []

    @CacheService.cached(ttl=30, key=lambda number: f"thing:slow:{number}")
    def slow(number: int) -> int:
        computed.append(number)
        time.sleep(0.3)
        return number * 2

    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(slow(21))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [42] * 6
    assert computed == [21]


@pytest.mark.usefixtures("cache")
def test_statistics_come_from_redis() -> None:
    CacheService.set("thing:any:1", 1)
    CacheService.get("thing:any:1")
    stats = CacheService.get_stats()
    assert stats["status"] == "connected"
    assert stats["keyspace_hits"] >= 1
    assert 0 < stats["hit_rate"] <= 1


def test_redis_that_dies_costs_one_time_out_and_comes_back_by_itself(cache: RedisServer) -> None:
    assert CacheService.set("thing:any:1", 1)
    cache.stop()
    assert CacheService.get("thing:any:1") is None
    started = time.perf_counter()
    for _ in range(100):
        assert CacheService.set("thing:any:1", 1) is False
        assert CacheService.get("thing:any:1") is None
    assert time.perf_counter() - started < 0.1
    assert CacheService.get_stats()["status"] == "unavailable"
    cache.start()
    deadline = time.monotonic() + 10
    while not CacheService.set("thing:any:1", 2) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert CacheService.get("thing:any:1") == 2


def test_a_redis_that_accepts_and_never_answers_costs_at_most_one_time_out(
    configure: Callable[..., Settings], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(8)
        configure(REDIS_URL=f"unix://{tmp_path / 's'}?db=0")
        started = time.perf_counter()
        for _ in range(20):
            assert CacheService.get("thing:any:1") is None
        assert time.perf_counter() - started < 1.0


def test_switched_off_means_misses(configure: Callable[..., Settings]) -> None:
    configure(REDIS_ENABLED="false")
    assert CacheService.set("thing:any:1", 1) is False
    assert CacheService.get("thing:any:1") is None
    assert CacheService.invalidate_pattern("*") == 0
    assert CacheService.get_stats()["status"] == "disabled"
