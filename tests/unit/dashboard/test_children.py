"""What is started follows from the settings."""

from __future__ import annotations

import sys

from dashboard.children import build_dispatcher_spec, build_redis_spec, build_web_spec, build_worker_specs


def _words_after(command: tuple[str, ...], option: str) -> str:
    return command[command.index(option) + 1]


def test_each_queue_has_a_worker_process_of_its_own(configure) -> None:
    specs = build_worker_specs(configure(WORKER_CONCURRENCY=3, SHUTDOWN_GRACE_S=7))
    assert [_words_after(spec.command, "-Q") for spec in specs] == ["train", "quick"]
    assert {_words_after(spec.command, "-c") for spec in specs} == {"3"}
    assert all(spec.grace_s > 7 for spec in specs)


def test_minimal_runs_one_worker_for_both_queues(configure) -> None:
    (spec,) = build_worker_specs(configure(RUN_MODE="minimal"))
    assert _words_after(spec.command, "-Q") == "train,quick"


def test_without_redis_no_worker_is_started(configure) -> None:
    assert build_worker_specs(configure(REDIS_ENABLED="false")) == []


def test_the_web_server_is_one_process_with_threads_on_a_given_socket(configure) -> None:
    spec = build_web_spec(configure(WEB_THREADS=5), 42)
    assert spec.command[:3] == (sys.executable, "-m", "gunicorn")
    assert _words_after(spec.command, "--threads") == "5"
    assert _words_after(spec.command, "--workers") == "1"
    assert _words_after(spec.command, "--bind") == "fd://42"
    assert "--no-control-socket" in spec.command
    assert spec.pass_fds == (42,)


def test_numeric_threads_of_every_child_follow_the_setting(configure) -> None:
    settings = configure(TORCH_THREADS=2)
    specs = [build_web_spec(settings, 3), build_dispatcher_spec(settings), *build_worker_specs(settings)]
    assert {spec.env["OMP_NUM_THREADS"] for spec in specs} == {"2"}


def test_redis_stops_after_the_processes_that_speak_to_it(configure) -> None:
    settings = configure()
    assert build_redis_spec(settings).stops_last
    assert (settings.data_dir / "redis").stat().st_mode & 0o777 == 0o700
