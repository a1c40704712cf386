"""TDMS files of National Instruments: channels with their increment, unit and start time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.datasets.readers.base import (
    AS_FOUND,
    BLOCK_SAMPLES,
    MAX_TEXT,
    MAX_VARIABLES,
    RATE_NAMES,
    STEP_NAMES,
    UNIT_NAMES,
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    ReadOptions,
    VariablePreview,
    as_rate,
    check_length,
    file_size,
    missing_variable,
    rate_from_step,
    refuse,
    to_float32,
)
from utils.exceptions import ErrorCode

_LEAD_IN = struct.Struct("<4sIIQQ")
_OPEN_END = 0xFFFF_FFFF_FFFF_FFFF
_MAX_SEGMENTS = 1_000_000
_TOC_BIG_ENDIAN = 1 << 6
_NOT_FIELDS = ("wf_", "NI_")
_BROKEN = (
    *(ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, EOFError, OSError),
    *(struct.error, UnicodeDecodeError, NotImplementedError, RecursionError),
)


class TdmsReaderFile(OpenRecordingFile):
    """An opened TDMS file. A signal's name is ``<group>/<channel>``.

    The rate is 1 / ``wf_increment``, the unit ``unit_string`` or ``NI_UnitDescription``, the time
    ``wf_start_time``; scalings that the file declares are applied.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:  # noqa: ARG002 - its layout is fixed
        import nptdms

        self._size = file_size(path)
        with path.open("rb") as raw:
            _check_segments(raw, self._size)
        self._handle = path.open("rb")
        try:
            self._file: Any = nptdms.TdmsFile.open(self._handle)
            _check_chunks(self._file)
            self._channels = self._list_channels()
        except _BROKEN as error:
            self._handle.close()
            raise _damaged() from error
        except BaseException:
            self._handle.close()
            raise

    def _list_channels(self) -> dict[str, Any]:
        channels: dict[str, Any] = {}
        self._n_left_out = 0
        for group in self._file.groups():
            for channel in group.channels():
                if len(channels) >= MAX_VARIABLES:
                    raise refuse(f"The TDMS file holds more than {MAX_VARIABLES:,} channels.")
                if not len(channel):
                    continue
                if channel.dtype.kind not in "fiu":
                    self._n_left_out += 1
                    continue
                name = f"{group.name}/{channel.name}"
                check_length(len(channel), name)
                width = (
                    1 if channel.dtype.itemsize == 8 else channel.dtype.itemsize
                )  # scaled values come as 8
                if len(channel) * width > self._size:
                    raise refuse(
                        f"'{name[:100]}' claims {len(channel):,} samples, more than the file can hold."
                    )
                channels[name] = channel
        return channels

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._handle.close()

    def preview(self) -> FilePreview:
        """List the channels with their properties."""
        if not self._channels:
            raise refuse("The TDMS file holds no channel of numbers.", ErrorCode.NO_USABLE_VECTOR)
        whole = _read_properties(self._file.properties)
        variables = [self._describe(name, channel, whole) for name, channel in self._channels.items()]
        notes = []
        if self._n_left_out:
            notes.append(f"{self._n_left_out} channels are left out: they hold no plain numbers.")
        return FilePreview("tdms", variables, whole, notes=notes)

    def _describe(self, name: str, channel: Any, whole: dict[str, Attribute]) -> VariablePreview:
        own = _read_properties(channel.properties)
        group = _read_properties(self._file[channel.group_name].properties)
        every = {**whole, **group, **own}
        units = [str(own[key]) for key in own if key.lower() in UNIT_NAMES or key == "NI_UnitDescription"]
        attributes = {key: value for key, value in every.items() if not _is_used(key)}
        attributes["channel"] = channel.name
        start = channel.properties.get("wf_start_time")
        if start is not None:
            attributes["acquired_utc"] = f"{str(start)[:26]}+00:00"
        unit = next((unit for unit in units if unit.strip()), None)
        dtype = channel.dtype.name
        return VariablePreview(name, len(channel), dtype, _find_rate(own, group, whole), unit, attributes)

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one channel."""
        channel = self._channels.get(variable)
        if channel is None:
            raise missing_variable(variable, list(self._channels))
        for start in range(0, len(channel), BLOCK_SAMPLES):
            count = min(BLOCK_SAMPLES, len(channel) - start)
            try:
                values = np.asarray(channel.read_data(start, count))
            except _BROKEN as error:
                raise _damaged() from error
            if len(values) != count:
                raise refuse("The TDMS file ends too early: it is truncated.", ErrorCode.FILE_UNREADABLE)
            yield to_float32(values)


def _damaged() -> Exception:
    return refuse("The TDMS file is truncated or damaged.", ErrorCode.FILE_UNREADABLE)


def _check_segments(file: BinaryIO, size: int) -> None:
    """Walk along the segments: each must end where the next one or the file does."""
    at = 0
    for _ in range(_MAX_SEGMENTS):
        if at == size:
            return
        file.seek(at)
        raw = file.read(_LEAD_IN.size)
        if len(raw) < _LEAD_IN.size:
            raise _damaged()
        tag, toc, _, following, _ = _LEAD_IN.unpack(raw)
        if toc & _TOC_BIG_ENDIAN:
            following, _raw_at = struct.unpack(">QQ", raw[12:])
        if tag != b"TDSm" or following == _OPEN_END or at + _LEAD_IN.size + following > size:
            raise _damaged()
        at += _LEAD_IN.size + following
    raise refuse(f"The TDMS file has more than {_MAX_SEGMENTS:,} segments.")


def _check_chunks(file: Any) -> None:
    """Each segment holds its data a whole number of times; npTDMS reads what is left over as it can."""
    for segment in file._reader._segments or ():
        if segment.final_chunk_lengths_override is not None:
            raise refuse(
                "A segment of the TDMS file claims other lengths than it holds: it is truncated or damaged.",
                ErrorCode.FILE_UNREADABLE,
            )


def _read_properties(properties: dict[str, Any]) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for name, value in properties.items():
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, str):
            found[name] = plain[:MAX_TEXT]
        elif isinstance(plain, int | float) and np.isfinite(plain):
            found[name] = plain
    return found


def _find_rate(*levels: dict[str, Attribute]) -> float | None:
    """Return the rate that the channel, else its group, else the file declares."""
    for level in levels:
        for key, value in level.items():
            if key.lower() in STEP_NAMES and (step := as_rate(value)):
                return rate_from_step(step)
            if key.lower() in RATE_NAMES and (rate := as_rate(value)):
                return rate
    return None


def _is_used(key: str) -> bool:
    return key.lower() in RATE_NAMES | UNIT_NAMES | STEP_NAMES or key.startswith(_NOT_FIELDS)


TDMS = ReaderSpec("tdms", "TDMS of National Instruments (.tdms)", (".tdms",), TdmsReaderFile)
