"""The part of DatasetService that makes data: generators, their saved settings, noise variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.synthesis.configuration import dump_config, parse_config
from models.preset import PresetKind
from models.user import Role
from services.datasets.generation import request_generation, run_generation
from services.datasets.generation_preview import preview_generation
from services.datasets.noise_variants import request_noise_variants, run_noise_variants
from services.jobs.runner import execute_job
from services.shared import presets
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result


def _no_list() -> list[dict[str, Any]]:
    return []


class DatasetMakers:
    """Generated datasets and noise variants."""

    @staticmethod
    @returns_result
    def generate_dataset(
        config: Mapping[str, Any], name: str = "", *, description: str = "", actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Start the making of a synthetic dataset.

        Args:
            config: Entries of a generator configuration (docs/generator.md); what is left out takes its
                default, an empty one is the public journal-bearing benchmark of 3,520 records. ``name`` and
                ``description`` may stand in it too.
            name: Of the new dataset; one that is there already is refused.
            description: Of the dataset.
            actor: Who asks.

        Returns:
            ``job_id, dataset_name``. The job's result names the dataset and counts what was made.

        Errors: ``invalid_input`` (the sentence names the entry), ``conflict`` (the name is taken); the job's
        own: ``storage_full``, ``duplicate_content``.
        """
        require_role(actor, Role.ENGINEER)
        entries = {key: value for key, value in config.items() if key not in ("name", "description")}
        job_id, dataset_name = request_generation(
            entries,
            name or str(config.get("name") or ""),
            actor,
            description=description or str(config.get("description") or ""),
        )
        return ok(job_id=job_id, dataset_name=dataset_name)

    @staticmethod
    def run_generation_job(job_id: int, worker: str) -> str | None:
        """Run a generation in this process and return its state (None: it was not there to claim)."""
        return execute_job(job_id, run_generation, worker=worker)

    @staticmethod
    @returns_result
    def preview_generation(
        config: Mapping[str, Any],
        *,
        fault_class: str | None = None,
        severity: str | None = None,
        index: int = 0,
        max_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Make one record of a configuration, as the dataset would hold it, and estimate the whole.

        Args:
            config: As for `generate_dataset`.
            fault_class: By default the configuration's first.
            severity: By default the one whose turn it is.
            index: Which record of the class.
            max_hz: Upper end of the spectrum that is drawn.
            actor: Who asks.

        Returns:
            ``config`` (complete), ``name``, ``fault_class``, ``severity``, ``shaft_speed_rpm``,
            ``load_percent``, ``conditions``, ``channels`` (each with ``times_s, values, frequencies_hz,
            amplitudes, resolution_hz, rms``; at most 2,000 points), ``estimate`` (``n_recordings, n_signals,
            n_bytes, seconds, n_processes``), ``not_evidence_for``.

        Errors: ``invalid_input``.
        """
        require_role(actor, Role.ENGINEER)
        found = preview_generation(
            config, fault_class=fault_class, severity=severity, index=index, max_hz=max_hz
        )
        return ok(**found)

    @staticmethod
    @returns_data(dict)
    def get_generator_defaults(*, actor: Actor = SYSTEM) -> dict[str, dict[str, Any]]:
        """Return the complete default configuration of each kind, with the physical profile's options."""
        require_role(actor, Role.VIEWER)
        journal = dump_config(parse_config({"profile": "physical", "physical": {}}))
        rolling = dump_config(parse_config({"kind": "rolling"}))
        return {"journal": {**journal, "profile": "benchmark"}, "rolling": rolling}

    @staticmethod
    @returns_result
    def save_generator_preset(
        name: str, config: Mapping[str, Any], *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Keep a generator configuration under a name, in place of one that had it.

        Returns:
            ``preset_id``. Errors: ``invalid_input``.
        """
        require_role(actor, Role.ENGINEER)
        content = dump_config(parse_config(config))
        return ok(preset_id=presets.save_preset(PresetKind.GENERATE, name, content, actor))

    @staticmethod
    @returns_data(_no_list)
    def list_generator_presets(*, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return the saved generator configurations by name: ``preset_id, name, updated_at``."""
        require_role(actor, Role.VIEWER)
        return presets.list_presets(PresetKind.GENERATE)

    @staticmethod
    @returns_data(none)
    def get_generator_preset(preset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return a saved generator configuration as ``content``, or None."""
        require_role(actor, Role.VIEWER)
        return presets.load_preset(PresetKind.GENERATE, preset_id)

    @staticmethod
    @returns_result
    def delete_generator_preset(preset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Forget a saved generator configuration. Errors: ``not_found``."""
        require_role(actor, Role.ENGINEER)
        presets.delete_preset(PresetKind.GENERATE, preset_id, actor)
        return ok()

    @staticmethod
    @returns_result
    def make_noise_variants(
        split_id: int,
        snrs_db: Sequence[float] = (20.0, 10.0, 5.0),
        colours: Sequence[str] = ("white",),
        *,
        name: str = "",
        seed: int = 0,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Start the making of noisy copies of a split's test part, as a dataset of its own.

        It holds the split's signals, shared and not copied, with their parts as given, and for each ratio
        the test part once more with noise of its own on every signal (``test_snr20`` for white noise,
        ``test_pink20`` for pink). Its split "as given" trains on what the old one trained on.

        Args:
            split_id: Whose test part.
            snrs_db: Signal power over noise power, in dB.
            colours: white (flat), pink (1/f), or both.
            name: Of the new dataset; by default the split's with a word added.
            seed: Of the noise.
            actor: Who asks.

        Returns:
            ``job_id, dataset_name``.

        Errors: ``not_found``, ``invalid_input``, ``conflict`` (the name is taken).
        """
        require_role(actor, Role.ENGINEER)
        job_id, dataset_name = request_noise_variants(split_id, snrs_db, colours, actor, name=name, seed=seed)
        return ok(job_id=job_id, dataset_name=dataset_name)

    @staticmethod
    def run_noise_variants_job(job_id: int, worker: str) -> str | None:
        """Add noise in this process and return the job's state (None: it was not there to claim)."""
        return execute_job(job_id, run_noise_variants, worker=worker)
