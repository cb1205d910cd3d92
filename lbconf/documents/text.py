"""One file into text. Anything that is no readable UTF-8 file is a finding."""

import errno
import os
import stat
from typing import Final

from lbconf.diagnostics import Code, Collector, Location
from lbconf.documents.source import SourceFile

__all__ = ["MAX_BYTES", "read_text", "refuse_empty"]

MAX_BYTES: Final = 16 * 1024 * 1024
"""Size of a file, in bytes."""

_NO_FILE: Final = "put a file there, or give this another name"
_BOM: Final = b"\xef\xbb\xbf"
_OPEN_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
)


def read_text(source: SourceFile, found: Collector, most: int = MAX_BYTES) -> str | None:
    """The file's text without byte-order mark, or None where findings say why not. Never waits on a pipe or device.

    `most` is the greatest size in bytes.
    """
    data = _read_bytes(source, found, most)
    if data is None:
        return None
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        hint = "save the file as UTF-8"
        if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            hint = "the file looks like UTF-16: save it as UTF-8"
        found.error(
            Code.FILE_NOT_UTF8,
            f"the file is not UTF-8: byte 0x{data[error.start]:02x} cannot stand here",
            Location(file=source.shown, line=good.count("\n") + 1, column=len(good) - good.rfind("\n")),
            hint=hint,
        )
        return None
    if not text.strip():
        refuse_empty(source, found)
        return None
    return text


def refuse_empty(source: SourceFile, found: Collector) -> None:
    """Note that a file says nothing."""
    hint = "write `{}` where nothing is to be said, or remove the file"
    found.error(Code.FILE_EMPTY, "the file is empty", Location(file=source.shown), hint=hint)


def _read_bytes(source: SourceFile, found: Collector, most: int) -> bytes | None:
    place = Location(file=source.shown)
    try:
        descriptor = os.open(source.path, _OPEN_FLAGS)
    except FileNotFoundError:
        if source.path.is_symlink():
            found.error(Code.FILE_MISSING, "the link leads to no file", place, hint="mend or remove the link")
        else:
            found.error(
                Code.FILE_MISSING, "the file does not exist", place, hint="restore it, or take out what names it"
            )
        return None
    except OSError as error:
        _refuse_unreadable(error, source, found)
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "a pipe or device"
            found.error(Code.FILE_NOT_REGULAR, f"{kind} stands where a file should be", place, hint=_NO_FILE)
            return None
        if status.st_size > most:
            found.error(
                Code.DOCUMENT_TOO_LARGE,
                f"the file has {status.st_size} bytes, more than the {most} that are read",
                place,
                hint="split the file",
            )
            return None
        return _read_all(descriptor, status.st_size + 1, most + 1)
    except OSError as error:
        _refuse_unreadable(error, source, found)
        return None
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, expected: int, most: int) -> bytes:
    """Up to `most` bytes. As a rule one reading gives all of them, and the next tells that it did."""
    parts: list[bytes] = []
    left = most
    while left and (part := os.read(descriptor, min(left, max(expected, 4096)))):
        parts.append(part)
        left -= len(part)
        if len(part) == expected - 1:  # all there was when its size was asked
            break
    return b"".join(parts)


def _refuse_unreadable(error: OSError, source: SourceFile, found: Collector) -> None:
    place = Location(file=source.shown)
    if error.errno in {errno.EISDIR, errno.ENXIO}:
        found.error(Code.FILE_NOT_REGULAR, "no file stands here but a directory, pipe or device", place, hint=_NO_FILE)
        return
    hint = {
        errno.EACCES: "give yourself the right to read it",
        errno.ELOOP: "the links lead in a circle: mend or remove them",
    }.get(error.errno or 0, "check the file and the disk it is on")
    found.error(Code.FILE_UNREADABLE, f"the file cannot be read: {error.strerror}", place, hint=hint)
