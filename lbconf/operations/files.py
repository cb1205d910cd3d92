"""Writing files whole."""

from pathlib import Path

__all__ = ["replace_text"]


def replace_text(target: Path, text: str) -> None:
    """Write a file, its folders too: a reader sees the old text or the new one, never half. Raises `OSError`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(target)
