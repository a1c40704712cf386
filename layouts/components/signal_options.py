"""What can be chosen on the signal viewer: one table of options with their places, values and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash.development.base_component import Component

from layouts.components.forms import build_field, build_select
from layouts.figures.signal_axes import name_quantity
from layouts.ids.signal_viewer import ViewerId

VIEWS: Final = (
    ("spectrum", "Spectrum"),
    ("psd", "PSD"),
    ("envelope", "Envelope spectrum"),
    ("spectrogram", "Spectrogram"),
    ("cyclic", "Cyclic coherence"),
    ("cepstrum", "Cepstrum"),
    ("orders", "Order spectrum"),
    ("order_map", "Order map"),
    ("autocorrelation", "Autocorrelation"),
    ("average", "Sync. average"),
    ("orbit", "Orbit"),
    ("full", "Full spectrum"),
    ("compare", "Compare"),
)
# Views on a frequency axis in Hz, CPM or orders, and views with an amplitude scale.
FREQUENCY_VIEWS: Final = ("spectrum", "psd", "envelope", "spectrogram", "full", "compare")
SCALED_VIEWS: Final = ("spectrum", "psd", "envelope", "orders", "full", "compare")

UNITS: Final = (("hz", "Hz"), ("cpm", "CPM"), ("orders", "Orders"))
QUANTITIES: Final = (
    ("measured", "As measured"),
    ("acceleration", "Acceleration"),
    ("velocity", "Velocity"),
    ("displacement", "Displacement"),
)


@dataclass(frozen=True, slots=True)
class Option:
    """A choice, number or switch of the page.

    ``name`` is its query parameter and the key under which callbacks receive it; ``usual`` is the value that
    an address leaves out. Without ``choices`` it is a number between ``least`` and ``most``, which may be
    missing; "true" or "false" as ``usual`` make it a switch.
    """

    name: str
    control: ViewerId
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    usual: str = ""
    unit: str = ""
    least: float = 0.0
    most: float | None = None
    step: float | str = "any"
    placeholder: str = ""

    @property
    def is_switch(self) -> bool:
        """Tell whether it is on or off."""
        return self.usual in ("true", "false")

    def read(self, text: str) -> Any:
        """Read what an address says; anything senseless is the usual value."""
        if self.is_switch:
            return (text or self.usual) == "true"
        if self.choices:
            return text if text in dict(self.choices) else self.usual
        return self._read_number(text if text else self.usual)

    def _read_number(self, text: str) -> float | None:
        number = read_number(text)
        if number is None or number < self.least or (self.most is not None and number > self.most):
            number = read_number(self.usual)
        return int(number) if number is not None and float(number).is_integer() else number

    def build(self, asked: Mapping[str, str]) -> Component:
        """Return the labelled control, set to what the address says."""
        value = self.read(asked.get(self.name, ""))
        if self.is_switch:
            return dbc.Switch(id=self.control, label=self.label, value=value, class_name="viewer-switch")
        if self.choices:
            return build_field(self.label, build_select(self.control, self.choices, value), unit=self.unit)
        number = dbc.Input(
            id=self.control,
            type="number",
            min=self.least,
            max=self.most,
            step=self.step,
            value=value,
            debounce=True,
            placeholder=self.placeholder,
            class_name="viewer-number",
        )
        return build_field(self.label, number, unit=self.unit)


def read_number(text: str) -> float | None:
    """Read a finite number of at least zero; anything else is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0.0 <= number < float("inf") else None


_WINDOWS = (
    ("hann", "Hann"),
    ("flattop", "Flat top"),
    ("hamming", "Hamming"),
    ("blackman", "Blackman"),
    ("rectangular", "Rectangular"),
)
_SOURCES = (("signal", "The signal"), ("envelope", "The envelope of the band"))
_COMPARED = (
    ("waveform", "Waveforms"),
    ("spectrum", "Spectra"),
    ("psd", "PSDs"),
    ("envelope_spectrum", "Envelope spectra"),
    ("coherence", "Coherence"),
)

OPTIONS: Final = MappingProxyType(
    {
        option.name: option
        for option in (
            Option("quantity", ViewerId.QUANTITY, "Quantity", QUANTITIES, "measured"),
            Option("unit", ViewerId.UNIT, "Frequency in", UNITS, "hz"),
            Option(
                "scale",
                ViewerId.SCALE,
                "Amplitude",
                (("auto", "Usual"), ("linear", "Linear"), ("log", "Logarithmic"), ("db", "Decibels")),
                "auto",
            ),
            Option("window", ViewerId.WINDOW, "Window", _WINDOWS, "hann"),
            Option("reading", ViewerId.READING, "Reads", (("peak", "Peak"), ("rms", "RMS")), "peak"),
            Option(
                "df",
                ViewerId.RESOLUTION,
                "Resolution",
                (("auto", "Usual"), *((each, f"{each} Hz") for each in ("0.5", "1", "2", "5", "10", "50"))),
                "auto",
            ),
            Option(
                "segment",
                ViewerId.SEGMENT,
                "Window",
                (
                    ("auto", "Usual"),
                    *((each, f"{each} ms") for each in ("5", "10", "20", "50", "100", "500")),
                ),
                "auto",
            ),
            Option(
                "overlap",
                ViewerId.OVERLAP,
                "Overlap",
                (("0", "None"), ("0.5", "50 %"), ("0.75", "75 %")),
                "0.5",
            ),
            Option("low", ViewerId.BAND_LOW, "Band from", unit="Hz"),
            Option("high", ViewerId.BAND_HIGH, "to", unit="Hz"),
            Option(
                "env",
                ViewerId.ENVELOPE_KIND,
                "Envelope",
                (("plain", "Magnitude"), ("squared", "Squared"), ("log", "Logarithmic")),
                "plain",
            ),
            Option("white", ViewerId.WHITEN, "Pre-whiten", usual="false"),
            Option("kurtogram", ViewerId.SHOW_KURTOGRAM, "Kurtogram", usual="false"),
            Option(
                "cepstrum",
                ViewerId.CEPSTRUM_KIND,
                "Kind",
                (("power", "Power cepstrum"), ("real", "Real cepstrum")),
                "power",
            ),
            Option("cepstrum_white", ViewerId.CEPSTRUM_WHITEN, "Pre-whiten", usual="false"),
            Option("order_of", ViewerId.ORDER_SOURCE, "Of", _SOURCES, "signal"),
            Option("tracked", ViewerId.TRACKED, "Follow the speed", usual="true"),
            Option("map_of", ViewerId.MAP_SOURCE, "Of", _SOURCES, "signal"),
            Option("map_by", ViewerId.MAP_AXIS, "By", (("time", "Time"), ("speed", "Speed")), "time"),
            Option("peaks", ViewerId.SHOW_PEAKS, "List the peaks and what belongs together", usual="false"),
            Option(
                "lag_of",
                ViewerId.LAG_SOURCE,
                "Of",
                (("signal", "The signal"), ("band", "The band"), ("envelope", "The envelope of the band")),
                "signal",
            ),
            Option("turns", ViewerId.TURNS, "Turns shown", usual="1", least=1, most=20, step=1),
            Option(
                "ratio",
                ViewerId.RATIO,
                "Speed ratio of the shaft",
                usual="1",
                least=1e-3,
                most=1e3,
            ),
            Option(
                "orbit_filter",
                ViewerId.ORBIT_FILTER,
                "Filter",
                (("none", "None"), ("0.5", "½X"), ("1", "1X"), ("2", "2X"), ("3", "3X")),
                "none",
            ),
            Option(
                "orbit_turns", ViewerId.ORBIT_TURNS, "Turns shown", least=1, most=200, step=1,
                placeholder="4",
            ),
            Option("with", ViewerId.OTHER_VIEW, "Show", _COMPARED, "waveform"),
            Option("align", ViewerId.ALIGN, "Shift to the best fit", usual="false"),
            Option("estimate", ViewerId.ESTIMATE, "Estimate it from the signal", usual="false"),
            Option(
                "slip", ViewerId.SLIP, "Slip band", usual="2", least=0, most=10, unit="± %"
            ),
        )
    }
)  # fmt: skip


def list_quantities(unit: str | None) -> list[dict[str, Any]]:
    """Return the quantities that a signal of this unit can be shown as; the others say why not."""
    measured = name_quantity(unit)
    options: list[dict[str, Any]] = [{"value": key, "label": label} for key, label in QUANTITIES]
    if measured == "Amplitude":
        why = "unit unknown" if not unit else f"{unit} is none of them"
        for option in options[1:]:
            option |= {"label": f"{option['label']} ({why})", "disabled": True}
    return options


def tell_quantity(quantity: str | None) -> dict[str, str]:
    """Return what a service is to be told of the quantity: nothing where it is shown as measured."""
    return {} if quantity in (None, "", "measured") else {"quantity": str(quantity)}


def build_options(asked: Mapping[str, str], *names: str) -> list[Component]:
    """Return the labelled controls of some options."""
    return [OPTIONS[name].build(asked) for name in names]
