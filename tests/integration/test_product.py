"""One command starts everything, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dashboard.cli.waiting import wait_for_jobs
from dashboard_config import Settings
from database.redis_server import answers_ping
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import add_small_dataset
from tests.servers import Product
from utils.clock import monotonic_s
from utils.processes import wait_until

START_GOAL_S = 5.0


def _get_status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 -- our own loopback address
        return answer.status


def _is_gone(product: Product) -> bool:
    return product.find_processes() == []


def _loads_torch(process: psutil.Process) -> bool:
    return "libtorch" in Path(f"/proc/{process.pid}/maps").read_text()


def test_the_product_starts_soon_with_a_set_up_link_and_without_torch_on_the_web_side(
    product: Product,
) -> None:
    began_s = monotonic_s()
    product.start()
    assert product.setup_link is not None
    assert _get_status(product.setup_link) == 200
    assert monotonic_s() - began_s < START_GOAL_S * 2, "twice the goal: other tests run beside this one"
    started = ("dashboard run", "gunicorn", "tasks.dispatcher", "-Q train", "-Q quick", "redis-server")
    assert wait_until(lambda: all(product.find_processes(word) for word in started), 10)
    for word in ("dashboard run", "gunicorn", "tasks.dispatcher"):
        assert not any(_loads_torch(process) for process in product.find_processes(word)), word


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_every_process(product: Product, number: int) -> None:
    product.start()
    assert wait_until(lambda: product.find_processes("billiard"), 20)
    assert product.stop(number) == 0
    assert product.lines[-1] == "Stopped."
    assert _is_gone(product)


def test_a_killed_supervisor_leaves_nothing_behind_and_the_next_start_works(product: Product) -> None:
    product.start()
    assert wait_until(lambda: product.find_processes("billiard"), 20)
    product.stop(signal.SIGKILL)
    product.lines.clear()
    product.start()
    assert _get_status(f"{product.url}/health") == 200
    product.stop()
    assert wait_until(lambda: _is_gone(product), 10)


def test_a_killed_web_server_or_redis_comes_back_at_the_same_address(product: Product) -> None:
    product.start()
    for word in ("gunicorn", "redis-server"):
        killed = product.find_processes(word)
        assert killed != []
        for process in killed:
            process.kill()
    assert _get_status(f"{product.url}/health") == 200
    assert wait_until(lambda: answers_ping(product.redis_socket), 10)
    for name in ("web", "redis"):
        assert any(f"{name} ended unexpectedly" in line for line in product.lines)


def test_a_second_start_on_the_same_folder_is_refused(product: Product) -> None:
    product.start()
    second = Product(product.data_dir)
    with pytest.raises(RuntimeError, match="Another one is running"):
        second.start()


def test_without_redis_the_web_side_runs_and_no_worker_is_started(tmp_path: Path) -> None:
    product = Product(tmp_path / "product", REDIS_ENABLED="false")
    try:
        product.start()
        assert _get_status(f"{product.url}/health") == 200
        assert product.find_processes("tasks.dispatcher")
        assert not product.find_processes("redis-server")
        assert not product.find_processes("celery")
    finally:
        product.stop()


def test_without_redis_pages_work_jobs_wait_and_a_command_runs_them(
    tmp_path: Path, configure: Callable[..., Settings]
) -> None:
    product = Product(tmp_path / "product", REDIS_ENABLED="false")
    try:
        product.start()
        assert _get_status(f"{product.url}/health") == 200
        assert product.setup_link is not None
        assert _get_status(product.setup_link) == 200
        assert product.find_processes("redis-server") == product.find_processes("celery") == []
        configure(DATA_DIR=product.data_dir, REDIS_ENABLED="false")
        assert wait_until(lambda: "REDIS_ENABLED" in board.get_queue_health()["banner"], 10)
        config = {"network": "random_forest", "split_id": add_small_dataset().split_id}
        created = ExperimentService.create_experiment({**config, "options": {"n_trees": 5}})
        assert wait_until(lambda: board.get_job(created["job_ids"][0])["state"] != "queued", 1.5) is False
        assert wait_for_jobs(created["job_ids"], quiet=True)[0]["state"] == "done"
    finally:
        product.stop()
