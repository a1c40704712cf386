"""Multipart bodies part by part: files go where they belong as they arrive, never into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from dashboard.api.errors import describe_limit
from utils.exceptions import ErrorCode, InvalidInputError, LstmPfdError

_BLOCK_BYTES = 1 << 18
_MAX_PARTS = 20_100
_MAX_TEXT_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class TextPart:
    """A field of the form."""

    name: str
    text: str


class FilePart:
    """A file of the form, readable once and only until the next part is asked for."""

    def __init__(self, name: str, file_name: str, blocks: Iterator[bytes]) -> None:
        self.name, self.file_name = name, file_name
        self._blocks = blocks
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = block
        answer, self._rest = self._rest[:size], self._rest[size:]
        return answer


def read_parts(request: Request) -> Iterator[TextPart | FilePart]:
    """Yield the parts of a multipart body in their order.

    Raises:
        InvalidInputError: The body is no complete multipart form.
        LstmPfdError: It is larger than a request may be (``too_large``).
    """
    boundary = request.mimetype_params.get("boundary")
    if not boundary:
        raise InvalidInputError("Send the files as a multipart form.")
    events = _read_events(request, MultipartDecoder(boundary.encode(), max_parts=_MAX_PARTS))
    for event in events:
        if isinstance(event, File):
            blocks = _read_data(events)
            yield FilePart(event.name, event.filename, blocks)
            for _ in blocks:  # what nobody wanted to read
                pass
        elif isinstance(event, Field):
            yield TextPart(event.name, _read_text(events))


def _read_events(request: Request, decoder: MultipartDecoder) -> Iterator[Event]:
    """Yield what the decoder finds. A service may be reading: only errors of our own leave."""
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                decoder.receive_data(_read_block(request))
                continue
            yield event
            if isinstance(event, Epilogue):
                return
    except RequestEntityTooLarge:  # the decoder's word for too many parts
        sentence = f"A form can hold {_MAX_PARTS:,} parts at most. Send the files in several requests."
        raise LstmPfdError(sentence, code=ErrorCode.TOO_LARGE) from None
    except (ValueError, HTTPException) as error:
        raise InvalidInputError("The multipart form is broken or incomplete. Send it again.") from error


def _read_block(request: Request) -> bytes | None:
    try:
        return request.stream.read(_BLOCK_BYTES) or None
    except RequestEntityTooLarge:
        raise LstmPfdError(describe_limit(request), code=ErrorCode.TOO_LARGE) from None


def _read_data(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if not isinstance(event, Data):
            raise InvalidInputError("The multipart form has a part without data.")
        if event.data:
            yield event.data
        if not event.more_data:
            return


def _read_text(events: Iterator[Event]) -> str:
    text = bytearray()
    for block in _read_data(events):
        text += block
        if len(text) > _MAX_TEXT_BYTES:
            raise InvalidInputError("A field of the form is too long.")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise InvalidInputError("A field of the form is not UTF-8 text.") from None
