"""The part of SignalService that knows the machine: speed, orders, orbits, severity, bearings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signal.decimation import min_max_decimate
from core.signal.order_tracking import DEFAULT_MAX_ORDER, compute_order_spectrum, resample_to_angle
from core.signal.peaks import find_peaks
from core.signal.shaft_angle import build_constant_angle
from core.signal.shaft_speed import estimate_shaft_speed
from database.connection import get_db_session
from models.user import Role
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result
from services.signals import machines, orbits, orders, peak_lists, severity, speeds
from services.signals.fault_lines import build_fault_lines
from services.signals.quantities import as_quantity
from services.signals.spectral_views import compute_view
from services.signals.stretches import MAX_POINTS, load_signal_row, read_spectral_stretch, shorten
from utils.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.floating[Any]]


class MachineViews:
    """Views that need to know how the machine turns. ``x_range_s`` is the visible stretch, in seconds."""

    @staticmethod
    @returns_result
    def get_fault_lines(
        signal_id: int,
        *,
        shaft_speed_rpm: float | None = None,
        bearing: str | None = None,
        geometry: str | None = None,
        orders: str | None = None,
        max_hz: float | None = None,
        n_harmonics: int = 3,
        slip: float = 0.02,
        kinds: Sequence[str] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the lines to look for: of the shaft, the bearing, gears, blades, motor and mains.

        Args:
            signal_id: Which.
            shaft_speed_rpm: Instead of the recording's.
            bearing: A designation instead of the signal's.
            geometry: ``n=9,d=7.94,D=39.04,phi=0`` instead.
            orders: ``bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398`` instead.
            max_hz: Lines above are left out; by default half the sample rate.
            n_harmonics: Per name; each harmonic is a line of its own.
            slip: Half the width of a rolling bearing's band, as a share.
            kinds: Only these families (rolling, journal, gear, …) or kinds (outer_race, …).
            actor: Who asks.

        Returns:
            ``lines`` (``name, label, family, kind, harmonic, harmonics, order, frequency_hz, low_hz, high_hz,
            sideband_hz, sideband_of, falls_on``), speed and orders with their origin, ``source``,
            ``coincidences`` in sentences, and ``missing``: what has to be given to know more.
        """
        require_role(actor, Role.VIEWER)
        return ok(
            **build_fault_lines(
                load_signal_row(signal_id),
                shaft_speed_rpm=shaft_speed_rpm,
                bearing=bearing,
                geometry=geometry,
                orders=orders,
                max_hz=max_hz,
                n_harmonics=n_harmonics,
                slip=slip,
                kinds=kinds,
            )
        )

    @staticmethod
    @returns_result
    def get_shaft_speed(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        nominal_rpm: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the shaft's speed: from the tacho channel, or found in the vibration near the nominal one.

        Returns:
            ``shaft_speed_rpm`` (None where none stands out: ``note`` says why), ``lowest_rpm, highest_rpm,
            confidence, method`` (tacho, steady, tracked), ``candidates, recorded_rpm``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**speeds.describe_speed(read_spectral_stretch(signal_id, x_range_s), nominal_rpm))

    @staticmethod
    @returns_result
    def get_order_spectrum(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        shaft_speed_rpm: float | None = None,
        envelope_band_hz: Sequence[float] | None = None,
        tracked: bool = True,
        max_order: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the amplitude spectrum over orders of the shaft.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            shaft_speed_rpm: Speed to search around, or (not tracked) to use as it is.
            envelope_band_hz: Of the envelope within this band instead of the signal.
            tracked: Follow the speed by tacho or vibration; else take it as steady and right.
            max_order: By default 100.
            actor: Who asks.

        Returns:
            ``orders, amplitudes, resolution_orders, peaks, method, confidence, shaft_speed_rpm``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_spectral_stretch(signal_id, x_range_s)
        return ok(
            **orders.build_order_spectrum(
                stretch,
                shaft_speed_rpm=shaft_speed_rpm,
                envelope_band_hz=envelope_band_hz,
                tracked=tracked,
                max_order=max_order,
            )
        )

    @staticmethod
    @returns_result
    def get_order_map(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        shaft_speed_rpm: float | None = None,
        envelope_band_hz: Sequence[float] | None = None,
        max_order: float = 20.0,
        turns_per_stretch: int = 16,
        by: str = "time",
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return order spectra one after the other, by ``time`` or ``speed``; at most 400 x 300 cells.

        Returns:
            ``orders, times_s, speeds_rpm`` (both per column), ``level_db`` (a row per order), ``level_unit``.
        """
        require_role(actor, Role.VIEWER)
        return ok(
            **orders.build_order_map(
                read_spectral_stretch(signal_id, x_range_s),
                shaft_speed_rpm=shaft_speed_rpm,
                envelope_band_hz=envelope_band_hz,
                max_order=max_order,
                turns_per_stretch=turns_per_stretch,
                by=by,
            )
        )

    @staticmethod
    @returns_result
    def get_synchronous_average(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        shaft_speed_rpm: float | None = None,
        n_turns: int = 1,
        ratio: float = 1.0,
        max_order: float = DEFAULT_MAX_ORDER,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return what repeats every ``n_turns`` turns of the shaft that turns ``ratio`` times as fast.

        Returns:
            ``angle_turns, values, n_averages, synchronous_rms, residual_rms, unit``.
        """
        require_role(actor, Role.VIEWER)
        return ok(
            **orders.build_synchronous_average(
                read_spectral_stretch(signal_id, x_range_s),
                shaft_speed_rpm=shaft_speed_rpm,
                n_turns=n_turns,
                ratio=ratio,
                max_order=max_order,
            )
        )

    @staticmethod
    @returns_result
    def integrate(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        to: str = "velocity",
        high_pass_hz: float | None = None,
        n_points: int = MAX_POINTS,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the stretch as acceleration, velocity or displacement; refused where the unit is unknown.

        Returns:
            ``time_s, values, unit, quantity, high_pass_hz, rms, peak, peak_to_peak``.
        """
        require_role(actor, Role.VIEWER)
        stretch = as_quantity(read_spectral_stretch(signal_id, x_range_s), to, high_pass_hz)
        points = min(max(int(n_points), 2), MAX_POINTS)
        indexes, values = min_max_decimate(stretch.samples, points)
        centred = stretch.samples - stretch.samples.mean()
        times_s = stretch.description["start_s"] + indexes / stretch.signal.sample_rate_hz
        return ok(
            **stretch.description,
            time_s=[round(time, 9) for time in times_s.tolist()],
            values=shorten(values),
            decimated=len(indexes) < stretch.samples.size,
            rms=float(np.sqrt(np.mean(centred**2))),
            peak=float(np.abs(centred).max()),
            peak_to_peak=float(np.ptp(stretch.samples)),
        )

    @staticmethod
    @returns_result
    def get_severity_zone(
        signal_id: int, x_range_s: Sequence[float] | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return the severity zone by velocity, or ``reason``: why there is none.

        Returns:
            ``zone, velocity_rms_mm_s, boundaries, band_hz, edition, group, mounting, reason``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**severity.build_severity_zone(read_spectral_stretch(signal_id, x_range_s)))

    @staticmethod
    @returns_result
    def get_orbit(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        n_turns: int | None = None,
        filter_order: float | Sequence[float] | None = None,
        shaft_speed_rpm: float | None = None,
        partner_id: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the path between two probes at right angles, whole or at orders such as 1 or (1, 2).

        Returns:
            ``x, y, partner, turn_marks, ellipses`` (half axes, inclination and precession at 1X and 2X).
        """
        require_role(actor, Role.VIEWER)
        return ok(
            **orbits.build_orbit(
                read_spectral_stretch(signal_id, x_range_s),
                n_turns=n_turns,
                filter_order=filter_order,
                shaft_speed_rpm=shaft_speed_rpm,
                partner_id=partner_id,
            )
        )

    @staticmethod
    @returns_result
    def get_full_spectrum(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        shaft_speed_rpm: float | None = None,
        max_order: float = 10.0,
        partner_id: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return forward (positive) and reverse (negative) components of a pair of probes.

        Returns:
            ``orders_or_frequencies`` (``axis`` says which), ``amplitudes, orders, frequencies_hz, partner``.
        """
        require_role(actor, Role.VIEWER)
        return ok(
            **orbits.build_full_spectrum(
                read_spectral_stretch(signal_id, x_range_s),
                shaft_speed_rpm=shaft_speed_rpm,
                max_order=max_order,
                partner_id=partner_id,
            )
        )

    @staticmethod
    @returns_result
    def find_peaks(
        signal_id: int,
        view: str = "spectrum",
        x_range_s: Sequence[float] | None = None,
        *,
        n: int = 20,
        min_hz: float = 0.0,
        max_hz: float | None = None,
        low_hz: float | None = None,
        high_hz: float | None = None,
        quantity: str | None = None,
        shaft_speed_rpm: float | None = None,
        bearing: str | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the highest peaks of ``spectrum`` or ``envelope_spectrum`` and what belongs together.

        Args:
            signal_id: Which.
            view: Where to look.
            x_range_s: The visible stretch.
            n: At most so many peaks, up to 100.
            min_hz: Only above.
            max_hz: Only below.
            low_hz: Of the envelope's band.
            high_hz: Of the envelope's band.
            quantity: As for `get_spectrum`.
            shaft_speed_rpm: For orders and fault lines, instead of the recording's.
            bearing: For fault lines, instead of the signal's.
            actor: Who asks.

        Returns:
            ``peaks`` (``frequency_hz, amplitude, order, family, harmonic, mains_hz, fault_line``),
            ``families`` of harmonics and ``sidebands`` by indexes of peaks.
        """
        require_role(actor, Role.VIEWER)
        if not 1 <= n <= peak_lists.MAX_PEAKS:
            raise InvalidInputError(f"Ask for 1 to {peak_lists.MAX_PEAKS} peaks.")
        stretch = as_quantity(read_spectral_stretch(signal_id, x_range_s), quantity)
        spectrum, band = compute_view(stretch, view, low_hz, high_hz)
        found = find_peaks(spectrum, n, min_hz=min_hz, max_hz=max_hz)
        lines = build_fault_lines(
            stretch.signal,
            shaft_speed_rpm=shaft_speed_rpm,
            bearing=bearing,
            geometry=None,
            orders=None,
            max_hz=None,
            n_harmonics=5,
        )
        details = machines.read_details(stretch.signal.recording.machine)
        return ok(
            **stretch.description,
            **peak_lists.group_peaks(
                found,
                spectrum.resolution_hz,
                shaft_hz=lines["shaft_frequency_hz"],
                fault_lines=lines["lines"],
                line_frequency_hz=details.line_frequency_hz,
            ),
            view=view,
            resolution_hz=spectrum.resolution_hz,
            band_hz=band,
        )

    @staticmethod
    @returns_data(none)
    def get_machine(machine_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return a machine's name and ``details``: bearing type, gears, blades, motor, group and mounting."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return machines.describe_machine(machines.find_machine(session, machine_id))

    @staticmethod
    @returns_result
    def update_machine(
        machine_id: int, details: Mapping[str, Any], *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Change some details of a machine; a value of None forgets it.

        Returns:
            ``machine_id, name, details``: as it is now.

        Errors: ``not_found``, ``invalid_input`` (names the field), ``forbidden`` below engineer.
        """
        require_role(actor, Role.ENGINEER)
        with get_db_session() as session:
            changed = machines.change_details(session, machine_id, details, actor)
            session.commit()
        return ok(**changed)

    @staticmethod
    @returns_data(none)
    def find_signal_machine(signal_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return the machine of a signal's recording as `get_machine` does; None where none is named."""
        require_role(actor, Role.VIEWER)
        machine = load_signal_row(signal_id).recording.machine
        return None if machine is None else machines.describe_machine(machine)

    @staticmethod
    @returns_data(none)
    def estimate_shaft_speed(signal_data: FloatArray, fs: float, nominal_rpm: float) -> dict[str, Any] | None:
        """Return ``shaft_speed_rpm`` (None where none stands out), ``confidence, candidates, reason``.

        Args:
            signal_data: Samples, shape ``(n_samples,)``.
            fs: Sample rate in Hz.
            nominal_rpm: Speed to search around, 10 % to either side.
        """
        estimate = estimate_shaft_speed(signal_data, fs, nominal_rpm / 60.0)
        found = estimate.shaft_frequency_hz
        return {
            "shaft_speed_rpm": None if found is None else 60.0 * found,
            "confidence": estimate.confidence,
            "candidates": [asdict(candidate) for candidate in estimate.candidates],
            "reason": estimate.reason,
        }

    @staticmethod
    @returns_data(none)
    def compute_order_spectrum(
        signal_data: FloatArray, fs: float, shaft_speed_rpm: float, max_order: float = DEFAULT_MAX_ORDER
    ) -> tuple[FloatArray, FloatArray] | None:
        """Return ``(orders, magnitudes)`` at a steady speed; a line of amplitude A reads A.

        Args:
            signal_data: Samples, shape ``(n_samples,)``.
            fs: Sample rate in Hz.
            shaft_speed_rpm: Of the shaft, steady.
            max_order: Highest order.
        """
        angle = build_constant_angle(shaft_speed_rpm / 60.0, len(signal_data) / fs)
        spectrum = compute_order_spectrum(resample_to_angle(signal_data, fs, angle, max_order=max_order))
        return spectrum.frequencies_hz, spectrum.amplitudes
