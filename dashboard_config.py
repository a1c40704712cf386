"""Settings: read once from the environment and ``.env``, validated, frozen.

A setting that is unknown or malformed stops the start with its name and an example. Constants of the
product (cache times, fault classes) can be imported by name; settings can too, through a module
``__getattr__`` that reads them on first use, never at import.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from utils.constants import FAULT_CLASSES as FAULT_CLASSES

CACHE_TTL_SHORT = 300
CACHE_TTL_MEDIUM = 3600
CACHE_TTL_LONG = 86400
EMAIL_DIGEST_PAGE_SIZE = 50

REPOSITORY_ROOT = Path(__file__).resolve().parent
_MIN_SECRET_LENGTH = 32
_SETTING_PREFIXES = ("PFD_",)
_NOT_SETTINGS = {"PFD_TEST_DATA", "PFD_ENV_FILE", "PFD_WORKER_NAME"}
_LONGEST_SOCKET_PATH = 100


class SettingsError(ValueError):
    """The environment holds a setting that can't be used; the message names it and gives an example."""


class Settings(BaseSettings):
    """Every setting of one installation. Names are the environment's names in lower case."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    pfd_env: Literal["development", "staging", "production"] = Field(
        "development", description="Kind of installation.", examples=["production"]
    )
    run_mode: Literal["standalone", "internal", "minimal"] = Field(
        "standalone",
        description="standalone: everything here; internal: behind a trusted proxy; minimal: one worker.",
        examples=["standalone"],
    )
    data_dir: Path = Field(
        Path("var"), description="Folder of database, signals, checkpoints, keys, logs.", examples=["var"]
    )
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL; unset: SQLite in DATA_DIR.",
        examples=["postgresql+psycopg://pfd:secret@127.0.0.1/pfd"],
    )
    database_pool_size: int = Field(5, ge=1, le=100, description="Connections kept open.", examples=["5"])
    database_max_overflow: int = Field(
        10, ge=0, le=100, description="Connections above the pool.", examples=["10"]
    )
    redis_url: str | None = Field(
        None,
        description="Redis URL; unset: a server of our own on a socket below DATA_DIR.",
        examples=["redis://127.0.0.1:6379/0"],
    )
    redis_enabled: bool = Field(
        True, description="false: no cache, jobs wait with a banner.", examples=["true"]
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.", examples=["127.0.0.1"])
    port: int = Field(8050, ge=0, le=65535, description="Port of the web server.", examples=["8050"])
    secret_key: SecretStr | None = Field(
        None,
        description="Key of signatures and the password pepper, 32 characters or more; unset outside "
        "production: made once and kept in DATA_DIR.",
        examples=["<openssl rand -hex 32>"],
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="Proxies whose X-Forwarded headers count (RUN_MODE=internal).",
        examples=["1"],
    )
    web_threads: int = Field(8, ge=1, le=64, description="Threads of the web process.", examples=["8"])
    worker_concurrency: int = Field(
        1, ge=1, le=64, description="Jobs at once per worker process.", examples=["1"]
    )
    torch_threads: int = Field(
        1, ge=1, le=256, description="Threads of one training or diagnosis.", examples=["1"]
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = Field(
        None, description="Unset: DEBUG, INFO, WARNING by PFD_ENV.", examples=["INFO"]
    )
    log_format: Literal["text", "json"] | None = Field(
        None, description="Unset: text in development, else json.", examples=["json"]
    )
    upload_max_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Largest single upload.", examples=["2147483648"]
    )
    upload_quota_bytes: int = Field(
        10 * 1024**3, ge=1024, description="Waiting uploads per user, together.", examples=["10737418240"]
    )
    storage_reserve_bytes: int = Field(
        256 * 1024**2,
        ge=0,
        description="Disk space that imports and trainings leave free.",
        examples=["268435456"],
    )
    reader_memory_bytes: int = Field(
        2 * 1024**3,
        ge=256 * 1024**2,
        description="Memory of the file reader process.",
        examples=["2147483648"],
    )
    job_lease_s: float = Field(
        30.0, gt=0, description="A job unheard of for so long is lost.", examples=["30"]
    )
    job_heartbeat_s: float = Field(5.0, gt=0, description="How often a lease is renewed.", examples=["5"])
    job_sweep_s: float = Field(5.0, gt=0, description="How often lost jobs are looked for.", examples=["5"])
    job_poll_s: float = Field(
        0.25, gt=0, description="How often waiting jobs are looked for.", examples=["0.25"]
    )
    job_retry_s: float = Field(5.0, ge=0, description="First back-off after a lost attempt.", examples=["5"])
    job_visibility_s: int = Field(
        60, ge=1, description="Seconds after which Redis redelivers an unconfirmed message.", examples=["60"]
    )
    shutdown_grace_s: float = Field(
        20.0, ge=0, description="Time that running jobs get to checkpoint at shutdown.", examples=["20"]
    )
    session_idle_s: int = Field(1800, ge=10, description="Login ends after so long idle.", examples=["1800"])
    session_absolute_s: int = Field(43200, ge=10, description="Login ends after so long.", examples=["43200"])

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else REPOSITORY_ROOT / value

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        key = self.secret_key.get_secret_value() if self.secret_key else None
        if key is not None and len(key) < _MIN_SECRET_LENGTH:
            raise ValueError(f"SECRET_KEY must have at least {_MIN_SECRET_LENGTH} characters")
        if self.pfd_env == "production" and key is None:
            raise ValueError("SECRET_KEY must be set in production")
        if self.trusted_proxies and self.run_mode != "internal":
            raise ValueError("TRUSTED_PROXIES needs RUN_MODE=internal")
        if self.job_heartbeat_s * 2 > self.job_lease_s:
            raise ValueError("JOB_HEARTBEAT_S must be at most half of JOB_LEASE_S")
        return self

    @property
    def effective_database_url(self) -> str:
        """SQLAlchemy URL of the database in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'lstm_pfd.sqlite3'}"

    @property
    def redis_socket(self) -> Path:
        """Unix socket of the bundled Redis; every process derives the same one.

        The kernel takes about 107 bytes: below a longer DATA_DIR the socket moves to the temporary folder.
        """
        path = self.data_dir / "redis" / "redis.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"lstm-pfd-{os.getuid()}-{digest}" / "redis.sock"

    @property
    def effective_redis_url(self) -> str:
        """URL of the Redis in use."""
        return self.redis_url or f"unix://{self.redis_socket}?db=0"

    @property
    def signals_dir(self) -> Path:
        """Folder of the signal shards."""
        return self.data_dir / "signals"

    @property
    def indexes_dir(self) -> Path:
        """Folder of the indexes of recordings tables; made anew where they are missing."""
        return self.data_dir / "indexes"

    @property
    def trends_dir(self) -> Path:
        """Folder of computed condition trends; made anew where they are missing."""
        return self.data_dir / "trends"

    @property
    def leak_scans_dir(self) -> Path:
        """Folder of comparisons of a dataset's signals; made anew where they are missing."""
        return self.data_dir / "leak_scans"

    @property
    def uploads_dir(self) -> Path:
        """Folder of uploads that wait for their import."""
        return self.data_dir / "uploads"

    @property
    def diagnoses_dir(self) -> Path:
        """Folder of samples that were diagnosed and are stored nowhere else, named by their SHA-256."""
        return self.data_dir / "diagnoses"

    @property
    def experiments_dir(self) -> Path:
        """Folder of run states and classifiers, one folder per experiment."""
        return self.data_dir / "experiments"

    @property
    def features_dir(self) -> Path:
        """Folder of extracted features; made anew where they are missing."""
        return self.data_dir / "features"

    @property
    def results_dir(self) -> Path:
        """Folder of exported results."""
        return self.data_dir / "results"

    @property
    def exports_dir(self) -> Path:
        """Folder of exported datasets that wait for their download."""
        return self.results_dir / "exports"

    @property
    def effective_log_level(self) -> str:
        """LOG_LEVEL, or the default of the environment."""
        defaults = {"development": "DEBUG", "staging": "INFO", "production": "WARNING"}
        return self.log_level or defaults[self.pfd_env]

    @property
    def effective_log_format(self) -> str:
        """LOG_FORMAT, or the default of the environment."""
        return self.log_format or ("text" if self.pfd_env == "development" else "json")


def _read_settings() -> Settings:
    """Read the environment and, for what it leaves open, ``.env`` (or the file PFD_ENV_FILE names)."""
    env_file = os.environ.get("PFD_ENV_FILE", str(REPOSITORY_ROOT / ".env"))
    try:
        settings = Settings(_env_file=env_file or None)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    _refuse_unknown_prefixed()
    return settings


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        field = Settings.model_fields.get(name.lower())
        if problem["type"] == "extra_forbidden":
            lines.append(f"{name} is not a setting; see .env.example for the names.")
            continue
        example = f" Example: {name}={field.examples[0]}" if field and field.examples else ""
        lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}.{example}".lstrip(": "))
    return "The settings can't be used.\n" + "\n".join(lines)


def _refuse_unknown_prefixed() -> None:
    known = {name.upper() for name in Settings.model_fields} | _NOT_SETTINGS
    for name in os.environ:
        if name.startswith(_SETTING_PREFIXES) and name not in known:
            raise SettingsError(
                f"The settings can't be used.\n{name} is not a setting; see .env.example for the names."
            )


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read on first use."""
    return _read_settings()


def get_secret_key(settings: Settings | None = None) -> bytes:
    """Return the key of signatures and peppers.

    Outside production an unset key is made once and kept in ``DATA_DIR/secret_key`` (mode 0600).
    """
    settings = settings or get_settings()
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_dir / "secret_key"
    if not path.exists():
        _keep_new_secret(path)
    return path.read_bytes().strip()


def _keep_new_secret(path: Path) -> None:
    """Write a whole key under a name of its own, then link it: of two processes, one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(secrets.token_hex(32).encode())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


_NAMED: dict[str, Any] = {
    "REDIS_URL": lambda settings: settings.effective_redis_url,
    "STORAGE_RESULTS_DIR": lambda settings: settings.results_dir,
    "DASH_APP_DIR": lambda _settings: REPOSITORY_ROOT / "dashboard",
    "REDIS_ENABLED": lambda settings: settings.redis_enabled,
}


def __getattr__(name: str) -> Any:
    if name in _NAMED:
        return _NAMED[name](get_settings())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
