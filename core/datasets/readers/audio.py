"""WAV and FLAC recordings: several channels, exact rate, samples as shares of full scale."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.datasets.readers.base import (
    AS_FOUND,
    BLOCK_SAMPLES,
    MAX_CHANNELS,
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    ReadOptions,
    VariablePreview,
    check_expansion,
    check_length,
    file_size,
    missing_variable,
    refuse,
    to_float32,
)
from utils.exceptions import ErrorCode

_PLAIN_SUBTYPES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
_MAX_CHUNKS = 10_000
_TEXTS = ("title", "comment", "date", "artist")
_SCALE_NOTE = (
    "Samples are shares of full scale (-1 to 1), which is no physical unit. Give the sensitivity, in full "
    "scales per unit, to get one."
)
_FLOAT_NOTE = "Floating-point samples are taken as they are; the file does not say their unit."


class AudioFile(OpenRecordingFile):
    """An opened sound file; its channels are ``channel_1``, ``channel_2``, …

    Whole numbers come as shares of full scale, -1 to 1, which is no physical unit: a sensitivity turns them
    into one. Floating-point samples come as they are.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:  # noqa: ARG002 - its layout is fixed
        import soundfile  # loaded on use: most files are no sound

        self._size = file_size(path)
        with path.open("rb") as raw:
            _check_chunks(raw, self._size)
        try:
            self._file: Any = soundfile.SoundFile(str(path))
        except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
            raise refuse("The sound file is damaged or of a kind that is not read.") from error
        try:
            self._check()
        except BaseException:
            self._file.close()
            raise

    def _check(self) -> None:
        file = self._file
        if file.subtype not in _PLAIN_SUBTYPES:
            raise refuse(
                f"The sound file is packed with loss ({file.subtype}), which spoils a vibration signal. "
                "Save it as PCM WAV or FLAC."
            )
        if not 0 < file.channels <= MAX_CHANNELS:
            raise refuse(f"The sound file claims {file.channels} channels; at most {MAX_CHANNELS} are read.")
        check_length(file.frames, "The sound file")
        if file.format == "FLAC":
            n_bytes = file.frames * file.channels * _PLAIN_SUBTYPES[file.subtype]
            check_expansion(n_bytes, self._size, "The sound file")
        if not file.frames:
            raise refuse("The sound file holds no samples.", ErrorCode.NO_USABLE_VECTOR)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def _names(self) -> list[str]:
        return [f"channel_{at + 1}" for at in range(self._file.channels)]

    def preview(self) -> FilePreview:
        """List the channels."""
        file = self._file
        note = _FLOAT_NOTE if file.subtype in ("FLOAT", "DOUBLE") else _SCALE_NOTE
        scalars: dict[str, Attribute] = {"sample_rate": file.samplerate, "subtype": file.subtype}
        scalars |= {name: text for name in _TEXTS if (text := getattr(file, name, ""))}
        dtype = {"FLOAT": "float32", "DOUBLE": "float64"}.get(file.subtype, file.subtype.lower())
        variables = [
            VariablePreview(name, file.frames, dtype, float(file.samplerate)) for name in self._names
        ]
        return FilePreview("flac" if file.format == "FLAC" else "wav", variables, scalars, notes=[note])

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one channel."""
        for _, block in self.read_many([variable]):
            yield block

    def read_many(self, variables: Sequence[str]) -> Iterator[tuple[str, Float32Array]]:
        """Yield several channels, going through the file once."""
        for name in variables:
            if name not in self._names:
                raise missing_variable(name, self._names)
        columns = [self._names.index(name) for name in variables]
        self._rewind()
        left, step = self._file.frames, max(1, BLOCK_SAMPLES // self._file.channels)
        while left:
            block = self._read(min(step, left))
            left -= len(block)
            for name, column in zip(variables, columns, strict=True):
                yield name, to_float32(block[:, column])

    def _rewind(self) -> None:
        import soundfile

        try:
            self._file.seek(0)
        except soundfile.LibsndfileError as error:
            raise refuse("The sound file is damaged or truncated.", ErrorCode.FILE_UNREADABLE) from error

    def _read(self, count: int) -> np.ndarray[Any, np.dtype[Any]]:
        import soundfile

        dtype = "float64" if self._file.subtype in ("DOUBLE", "PCM_32") else "float32"
        try:
            block: np.ndarray[Any, np.dtype[Any]] = self._file.read(count, dtype=dtype, always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise refuse("The sound file is damaged inside.", ErrorCode.FILE_UNREADABLE) from error
        if len(block) != count:
            raise refuse("The sound file ends too early: it is truncated.", ErrorCode.FILE_UNREADABLE)
        return block


def _check_chunks(file: BinaryIO, size: int) -> None:
    """Compare what the chunks of a RIFF file claim with the bytes that there are; libsndfile is forgiving."""
    head = file.read(12)
    if head[:4] != b"RIFF":
        return
    at = 12
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        chunk = file.read(8)
        if len(chunk) < 8:
            raise refuse("The WAV file has no data in it: it is truncated.", ErrorCode.FILE_UNREADABLE)
        name, n_bytes = struct.unpack("<4sI", chunk)
        at += 8 + n_bytes + n_bytes % 2
        if name == b"data":
            if at - n_bytes % 2 > size:
                raise refuse(
                    f"The WAV file claims {n_bytes:,} bytes of samples but is only {size:,} bytes long: "
                    "it is truncated.",
                    ErrorCode.FILE_UNREADABLE,
                )
            return
    raise refuse("The WAV file is damaged: it holds nothing but small chunks.")


WAV = ReaderSpec("wav", "WAV sound (.wav)", (".wav",), AudioFile)
FLAC = ReaderSpec("flac", "FLAC sound (.flac)", (".flac",), AudioFile)
