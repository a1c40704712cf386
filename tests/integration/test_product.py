"""One command starts everything, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dashboard.cli.waiting import wait_for_jobs
from dashboard_config import Settings
from database.redis_server import answers_ping
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import add_small_dataset
from tests.integration.test_quick_start import SHOW, read_quick_start, run_quick_start
from tests.servers import Product
from utils.processes import wait_until


def _get_status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 -- our own loopback address
        return answer.status


def _is_gone(product: Product) -> bool:
    return product.find_processes() == []


def _loads_torch(process: psutil.Process) -> bool:
    return "libtorch" in Path(f"/proc/{process.pid}/maps").read_text()


@pytest.fixture(scope="module")
def _shared(
    _no_settings_of_the_developer: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    subject = Product(tmp_path_factory.mktemp("installation") / "product")
    try:
        yield subject
    finally:
        subject.stop()


@pytest.fixture
def running(_shared: Product) -> Product:
    """The product of this module with every process; started anew where a test has ended it."""
    if _shared.process is None:
        _shared.lines.clear()
        _shared.start()
    assert wait_until(lambda: len(_shared.find_processes("billiard")) >= 2, 60)
    return _shared


def test_the_product_starts_with_a_set_up_link_and_without_torch_on_the_web_side(running: Product) -> None:
    assert running.setup_link is not None
    assert _get_status(running.setup_link) == 200
    started = ("dashboard run", "gunicorn", "tasks.dispatcher", "-Q train", "-Q quick", "redis-server")
    assert wait_until(lambda: all(running.find_processes(word) for word in started), 10)
    for word in ("dashboard run", "gunicorn", "tasks.dispatcher"):
        assert not any(_loads_torch(process) for process in running.find_processes(word)), word


def test_beside_the_product_the_quick_start_of_the_services_gets_its_value_back(running: Product) -> None:
    shown = run_quick_start(read_quick_start() + SHOW, running.data_dir)
    assert shown == {"datasets": [], "stats": None, "value": {"data": 42}}


def test_a_second_start_on_the_same_folder_is_refused(running: Product) -> None:
    second = Product(running.data_dir)
    with pytest.raises(RuntimeError, match="Another one is running"):
        second.start()


def test_a_killed_web_server_or_redis_comes_back_at_the_same_address(running: Product) -> None:
    for word in ("gunicorn", "redis-server"):
        killed = running.find_processes(word)
        assert killed != []
        for process in killed:
            process.kill()
    assert _get_status(f"{running.url}/health") == 200
    assert wait_until(lambda: answers_ping(running.redis_socket), 30)
    for name in ("web", "redis"):
        assert any(f"{name} ended unexpectedly" in line for line in running.lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_every_process(running: Product, number: int) -> None:
    assert running.stop(number) == 0
    assert running.lines[-1] == "Stopped."
    assert _is_gone(running)


def test_a_killed_supervisor_leaves_nothing_behind_and_the_next_start_works(running: Product) -> None:
    running.stop(signal.SIGKILL)
    running.lines.clear()
    running.start()
    assert _get_status(f"{running.url}/health") == 200
    running.stop()
    assert wait_until(lambda: _is_gone(running), 10)


def test_without_redis_pages_work_jobs_wait_and_a_command_runs_them(
    tmp_path: Path, configure: Callable[..., Settings]
) -> None:
    product = Product(tmp_path / "product", REDIS_ENABLED="false")
    try:
        product.start()
        assert _get_status(f"{product.url}/health") == 200
        assert product.setup_link is not None
        assert _get_status(product.setup_link) == 200
        assert product.find_processes("tasks.dispatcher")
        assert product.find_processes("redis-server") == product.find_processes("celery") == []
        configure(DATA_DIR=product.data_dir, REDIS_ENABLED="false")
        assert wait_until(lambda: "REDIS_ENABLED" in board.get_queue_health()["banner"], 10)
        config = {"network": "random_forest", "split_id": add_small_dataset().split_id}
        created = ExperimentService.create_experiment({**config, "options": {"n_trees": 5}})
        assert wait_until(lambda: board.get_job(created["job_ids"][0])["state"] != "queued", 1.5) is False
        assert wait_for_jobs(created["job_ids"], quiet=True)[0]["state"] == "done"
    finally:
        product.stop()
