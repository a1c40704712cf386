"""The list of experiments: 1,000 in Chromium, 100,000 over HTTP, and MLflow on SQLite beside them.

Usage: ``python -m benchmarks.experiments_list [N_BROWSER [N_HTTP]]``. Prints a table and writes
``benchmarks/results/experiments_list.json``.

*In Chromium*: the product runs over N_BROWSER finished trainings. First paint is the time from opening the
page (signed in, scripts in the browser's cache as on every visit but the first) to rows being drawn; a
filter is the time from typing into the search field, or choosing a status, to the rows that match.

*Over HTTP*: the product runs over N_HTTP trainings; every question is a request to its REST interface with an
API key, answered by its own web process. Kinds of questions are interleaved in rounds.

*MLflow*: 10,000 runs with such numbers and options in its SQLite store, a tenth of the product's (at 100,000
one question took it more than two minutes), asked through its own REST server with the same kinds of
questions. Left out with the reason where it is not installed: ``pip install mlflow`` in an environment of its
own, whose Python MLFLOW_PYTHON names.

Elapsed times depend on what else the machine does; the load is noted, and beside the service's answers
stands its processor time.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parent / "results" / "experiments_list.json"
GOALS = {"first paint s": 1.0, "filter ms": 200.0, "http p95 ms": 30.0, "times mlflow": 10.0}
N_ROUNDS = 15
N_LOADS = 15
SETTLING_S = 20.0  # the workers of a product that has just started load torch beside the first pages
N_MLFLOW = 10_000
EMAIL, PASSWORD = "ann@example.org", "a rather long pass phrase"
QUESTIONS: dict[str, dict[str, Any]] = {
    "newest": {},
    "page 100": {"page": 100},
    "sorted by accuracy": {"sort": "-test_recording_accuracy"},
    "sorted by name": {"sort": "name"},
    "sorted by an option": {"sort": "-options.learning_rate"},
    "filtered and sorted": {"status": "done", "network": "lstm", "sort": "-test_recording_accuracy"},
    "text, few hits": {"q": "pump trial 0001"},
    "text, every row": {"q": "trial"},
    "text, a dataset": {"q": "plant 03", "sort": "train_cpu_s"},
}


@contextmanager
def running_product(folder: Path, n_experiments: int) -> Iterator[Any]:
    """Fill a folder with trainings and run the product over it."""
    from dashboard_config import get_settings
    from database.connection import dispose_engine
    from database.migrate import migrate
    from services.authentication_service import AuthenticationService
    from tests.factories.many_experiments import fill_experiments
    from tests.servers import Product

    os.environ |= {"DATA_DIR": str(folder), "PFD_ENV_FILE": ""}
    dispose_engine()
    get_settings.cache_clear()
    migrate()
    assert AuthenticationService.create_user(EMAIL, PASSWORD, "admin")["success"]
    fill_experiments(n_experiments)
    dispose_engine()
    product = Product(folder)
    product.start(timeout_s=180)
    try:
        yield product
    finally:
        product.stop()


# --- in Chromium -----------------------------------------------------------------------------------------


def measure_browser(address: str) -> dict[str, Any]:
    """Return first paints and filters in ms, as a signed-in person's browser sees them."""
    from playwright.sync_api import sync_playwright

    from tests.e2e.browser import CHROMIUM_ARGUMENTS, sign_in
    from tests.servers import find_chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address).new_page()
        page.set_default_timeout(60_000)
        sign_in(page)
        time.sleep(SETTLING_S)
        loads = [_load(page) for _ in range(N_LOADS + 1)][1:]
        paints, contents = ([load[which] for load in loads] for which in (0, 1))
        typed, chosen = [], []
        for round_number in range(N_ROUNDS):
            word = ("pump", "crane", "mill")[round_number % 3]
            typed.append(_filter(page, "#experiments-search", word, word))
            _filter(page, "#experiments-search", "", "")
            chosen.append(_filter(page, "#experiments-status", "failed", ""))
            _filter(page, "#experiments-status", "all", "")
        browser.close()
    return {
        "first_paint_ms": paints,
        "first_contentful_paint_ms": contents,
        "typed_ms": typed,
        "chosen_ms": chosen,
    }


def _load(page: Any) -> tuple[float, float]:
    """Return the time to rows being drawn, and the browser's own first contentful paint, in ms."""
    page.goto("about:blank")
    began_s = time.perf_counter()
    page.goto("/experiments", wait_until="commit")
    page.wait_for_selector("#experiments-table .ag-row .cell-experiment")
    elapsed_ms = (time.perf_counter() - began_s) * 1000
    page.wait_for_load_state("networkidle")
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    return elapsed_ms, page.evaluate(painted)


# Set a control as a person's input does; resolve when the count says another number and rows are drawn.
_FILTER = """async ([selector, value]) => {
  const count = document.querySelector("#experiments-count"), before = count.textContent;
  const control = document.querySelector(selector);
  const kind = control.tagName === "SELECT" ? HTMLSelectElement : HTMLInputElement;
  const began = performance.now();
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(control, value);
  control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input", {bubbles: true}));
  const drawn = () => document.querySelector("#experiments-table .ag-row .cell-experiment");
  while (count.textContent === before || !drawn()) {
    await new Promise((done) => requestAnimationFrame(done));
    if (performance.now() - began > 30000) { throw new Error("nothing changed"); }
  }
  return performance.now() - began;
}"""


def _filter(page: Any, selector: str, value: str, expected: str) -> float:
    elapsed_ms: float = page.evaluate(_FILTER, [selector, value])
    page.wait_for_load_state("networkidle")
    names = page.locator("#experiments-table .ag-row .cell-experiment").all_inner_texts()
    places = page.locator('#experiments-table [col-id="dataset"] span').all_inner_texts()
    assert names, "no row is drawn"
    assert expected in " ".join([*names, *places]), (expected, names[:3])
    return elapsed_ms


# --- over HTTP -------------------------------------------------------------------------------------------


def measure_http(product: Any) -> list[dict[str, Any]]:
    """Ask every question in interleaved rounds; return elapsed times in ms by kind."""
    key = _make_key(product.data_dir)
    headers = {"Authorization": f"Bearer {key}"}
    asks = {
        kind: f"{product.url}/api/v1/experiments?{urllib.parse.urlencode(query)}"
        for kind, query in QUESTIONS.items()
    }
    first = {kind: json.loads(_fetch(address, headers)) for kind, address in asks.items()}
    assert all(answer["items"] for answer in first.values())
    times = _time_rounds({kind: _asking(address, headers) for kind, address in asks.items()})
    return [_summarise(kind, taken, first[kind]["total"]) for kind, taken in times.items()]


def _make_key(data_dir: Path) -> str:
    command = [sys.executable, "-m", "dashboard", "create-api-key", "--email", EMAIL, "--name", "bench"]
    env = {**os.environ, "DATA_DIR": str(data_dir)}
    done = subprocess.run(
        [*command, "--scopes", "read", "--json"], check=True, capture_output=True, env=env, text=True
    )
    return str(json.loads(done.stdout)["key"])


def _asking(address: str, headers: dict[str, str]) -> Callable[[], bytes]:
    return lambda: _fetch(address, headers)


def _fetch(address: str, headers: dict[str, str], body: Any = None) -> bytes:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=content, headers=headers)  # noqa: S310 -- loopback
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 -- loopback
        return bytes(answer.read())


def _time_rounds(asks: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {kind: [] for kind in asks}
    for _ in range(N_ROUNDS):
        for kind, ask in asks.items():
            began_s = time.perf_counter()
            ask()
            times[kind].append((time.perf_counter() - began_s) * 1000)
    return times


def _summarise(kind: str, taken: Sequence[float], total: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "matches": total,
        "p50_ms": round(statistics.median(taken), 1),
        "p95_ms": round(statistics.quantiles(taken, n=20)[-1], 1),
        "least_ms": round(min(taken), 1),
        "most_ms": round(max(taken), 1),
    }


def measure_processor(folder: Path) -> list[dict[str, Any]]:
    """Return the processor time of the service's answers in this process, in ms, by kind."""
    from dashboard_config import get_settings
    from database.connection import dispose_engine
    from services.experiment_service import ExperimentService

    os.environ["DATA_DIR"] = str(folder)
    dispose_engine()
    get_settings.cache_clear()

    def ask(query: dict[str, Any]) -> Callable[[], Any]:
        filters = {name: value for name, value in query.items() if name in {"status", "network"}}
        paging = {name: value for name, value in query.items() if name in {"page", "sort"}}
        return lambda: ExperimentService.list_experiments(query.get("q"), filters=filters, **paging)

    found = []
    for kind, query in QUESTIONS.items():
        answer, taken = ask(query), []
        answer()
        for _ in range(N_ROUNDS):
            began_s = time.process_time()
            answer()
            taken.append((time.process_time() - began_s) * 1000)
        found.append({"kind": kind, "cpu_p50_ms": round(statistics.median(taken), 1)})
    dispose_engine()
    return found


# --- MLflow ----------------------------------------------------------------------------------------------

MLFLOW_QUESTIONS: dict[str, dict[str, Any]] = {
    "newest": {},
    "sorted by accuracy": {"order_by": ["metrics.accuracy DESC"]},
    "filtered and sorted": {
        "filter": "params.network = 'lstm' and attributes.status = 'FINISHED'",
        "order_by": ["metrics.accuracy DESC"],
    },
    "text, a dataset": {"filter": "params.network LIKE '%forest%'"},
}
# Run by MLflow's own Python: writes as many runs straight into its store as the product holds trainings.
_FILL_MLFLOW = """
import json, sys, uuid
from mlflow.store.tracking.dbmodels import models
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
uri, artifacts, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = SqlAlchemyStore(uri, artifacts)
words = ("pump", "fan", "mill", "crane", "press", "motor", "spindle")
networks = ("cnn_lstm", "lstm", "random_forest", "tcn")
mix = lambda number: number * 2654435761 % 2**32
with store.ManagedSessionMaker() as session:
    for start in range(0, n, 2000):
        rows = []
        for number in range(start, min(start + 2000, n)):
            run_id = uuid.uuid4().hex
            rows.append(models.SqlRun(
                run_uuid=run_id, name=f"{words[mix(number // 4) % 7]} trial {number // 4:05d}",
                source_type="LOCAL", source_name="", entry_point_name="", user_id="ann", status="FINISHED",
                experiment_id=0,
                start_time=1735689600000 + 400000 * number, end_time=1735689900000 + 400000 * number,
                source_version="", lifecycle_stage="active", artifact_uri=artifacts))
            accuracy = 0.5 + mix(number) % 5000 / 1e4
            rows.append(models.SqlLatestMetric(
                run_uuid=run_id, key="accuracy", value=accuracy, timestamp=0, step=0, is_nan=False))
            rate = (1e-4, 3e-4, 1e-3)[number % 3]
            params = {"network": networks[mix(number) % 4], "learning_rate": str(rate),
                      "epochs": "20", "batch_size": "32", "window_s": "0.25", "dropout": "0.2"}
            rows += [models.SqlParam(run_uuid=run_id, key=key, value=value) for key, value in params.items()]
        session.add_all(rows)
        session.flush()
print("filled")
"""


def measure_mlflow(folder: Path, n_runs: int) -> dict[str, Any]:
    """Return MLflow's times for the same kinds of questions, or why there are none."""
    python = os.environ.get("MLFLOW_PYTHON", sys.executable)
    missing = {"skipped": "MLflow is not installed; name a Python that has it with MLFLOW_PYTHON"}
    if not Path(python).is_file():
        return missing
    ask_version = [python, "-c", "import mlflow; print(mlflow.__version__)"]
    known = subprocess.run(ask_version, capture_output=True, text=True)
    if known.returncode:
        return missing
    store = f"sqlite:///{folder}/mlflow.db"
    fill = [python, "-c", _FILL_MLFLOW, store, str(folder / "artifacts"), str(n_runs)]
    done = subprocess.run(fill, capture_output=True, text=True)
    if "filled" not in done.stdout:
        return {"skipped": f"MLflow {known.stdout.strip()} could not be filled: {done.stderr[-200:]}"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "mlflow", "server", "--backend-store-uri", store, "--workers", "1"]
    place = ["--host", "127.0.0.1", "--port", str(port), "--default-artifact-root", str(folder / "artifacts")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    server = subprocess.Popen([*command, *place], **quiet)  # type: ignore[call-overload]  # options by name
    try:
        rows = _ask_mlflow(f"http://127.0.0.1:{port}")
    except (OSError, AssertionError) as error:
        return {"skipped": f"MLflow {known.stdout.strip()} did not answer: {error}"}
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # its workers would outlive it
        server.wait()
    return {"version": known.stdout.strip(), "n_runs": n_runs, "kinds": rows}


def _ask_mlflow(address: str) -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/json"}
    for _ in range(240):
        try:
            _fetch(f"{address}/health", {})
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    search = f"{address}/api/2.0/mlflow/runs/search"

    def asking(query: dict[str, Any]) -> Callable[[], bytes]:
        return lambda: _fetch(search, headers, {"experiment_ids": ["0"], "max_results": 50, **query})

    asks = {kind: asking(query) for kind, query in MLFLOW_QUESTIONS.items()}
    counts = {kind: len(json.loads(ask()).get("runs", [])) for kind, ask in asks.items()}
    assert all(counts.values()), counts
    return [_summarise(kind, taken, counts[kind]) for kind, taken in _time_rounds(asks).items()]


# --- result ----------------------------------------------------------------------------------------------


def judge(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared with the goals."""
    browser = found["browser"]
    judged: dict[str, Any] = {
        "first paint s": round(statistics.median(browser["first_paint_ms"]) / 1000, 2),
        "filter ms": round(max(statistics.median(browser[name]) for name in ("typed_ms", "chosen_ms")), 1),
        "http p95 ms": max(row["p95_ms"] for row in found["http"]),
    }
    theirs = {row["kind"]: row["p50_ms"] for row in found["mlflow"].get("kinds", [])}
    ours = {row["kind"]: row["p50_ms"] for row in found["http"]}
    if theirs:
        judged["times mlflow"] = {kind: round(theirs[kind] / ours[kind], 1) for kind in theirs}
    return judged


def meets_goals(judged: dict[str, Any]) -> bool:
    """Tell whether every goal that could be measured is met."""
    quick = all(judged[name] <= GOALS[name] for name in ("first paint s", "filter ms", "http p95 ms"))
    return quick and min(judged.get("times mlflow", {"none": 99}).values()) >= GOALS["times mlflow"]


def _report(found: dict[str, Any]) -> None:
    paints, typed, chosen = (
        round(statistics.median(found["browser"][name]))
        for name in ("first_paint_ms", "typed_ms", "chosen_ms")
    )
    print(f"first paint {paints} ms, typed filter {typed} ms, chosen filter {chosen} ms")
    for row, cpu in zip(found["http"], found["processor"], strict=True):
        text = "{kind:24} {matches:8} p50 {p50_ms:8} p95 {p95_ms:8} least {least_ms:8}".format(**row)
        print(f"{text} cpu {cpu['cpu_p50_ms']:6}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write; 1 where a goal is missed."""
    n_browser = int(arguments[0]) if arguments else 1_000
    n_http = int(arguments[1]) if len(arguments) > 1 else 100_000
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="pfd-list-") as home:
        folder = Path(home)
        with running_product(folder / "few", n_browser) as product:
            found: dict[str, Any] = {"browser": measure_browser(product.url)}
        print("measured in Chromium", flush=True)
        with running_product(folder / "many", n_http) as product:
            found["http"] = measure_http(product)
        found["processor"] = measure_processor(folder / "many")
        print("measured over HTTP", flush=True)
        _report(found)
        found["mlflow"] = measure_mlflow(folder, min(n_http, N_MLFLOW))
    judged = judge(found)
    document = {
        "row": "experiments_list",
        "goal": "1,000 in Chromium: first paint < 1 s, filter < 200 ms; 100,000 over HTTP: p95 <= 30 ms; "
        ">= 10x MLflow on SQLite",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "load_before_and_after": [round(load_before, 2), round(os.getloadavg()[0], 2)],
        "date": datetime.now(UTC).date().isoformat(),
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.experiments_list",
        "n_in_browser": n_browser,
        "n_over_http": n_http,
        "rounds": N_ROUNDS,
        "contestants": {"product": judged, "mlflow": found["mlflow"]},
        "ratio": judged.get("times mlflow"),
        "holds": meets_goals(judged) and n_browser >= 1000 and n_http >= 100_000,
        "browser": {name: [round(each, 1) for each in times] for name, times in found["browser"].items()},
        "http": found["http"],
        "processor": found["processor"],
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n")
    print(judged, found["mlflow"].get("skipped", ""))
    return 0 if document["holds"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
