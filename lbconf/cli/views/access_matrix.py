"""Who may call what, as text, JSON, CSV (RFC 4180) or a page of HTML."""

import csv
import io
import json
from html import escape
from itertools import groupby
from typing import Final

from lbconf.api.access.matrix import Matrix, MatrixRow
from lbconf.cli.output import paint

__all__ = ["render_matrix"]

STYLE = """
:root{color-scheme:light dark;--line:#8884;--yes:#1a7f37;--no:#b3261e}
@media(prefers-color-scheme:dark){:root{--yes:#4ac26b;--no:#ff8a80}}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:600;padding:1.5rem 0 .4rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
td:nth-child(n+4),th:nth-child(n+4){text-align:center}thead th{position:sticky;top:0;background:Canvas}
.yes{color:var(--yes);font-weight:600}.no{color:var(--no)}code{font:13px ui-monospace,monospace}
"""


NOTE: Final = "HEAD is a method of its own (exists) where it is listed; elsewhere it is as the GET of its path."


def render_matrix(matrix: Matrix, form: str, *, color: bool) -> str:
    """The matrix in one of its forms: `text`, `json`, `csv`, `html`."""
    match form:
        case "json":
            return json.dumps(_data(matrix), indent=2, ensure_ascii=False) + "\n"
        case "csv":
            return _csv(matrix)
        case "html":
            return _html(matrix)
        case _:
            return _text(matrix, color=color)


def _data(matrix: Matrix) -> list[dict[str, object]]:
    return [
        {
            "model": row.model,
            "verb": row.verb,
            "path": row.path,
            "method": row.method,
            "accessType": row.access,
            "allowed": dict(zip(matrix.callers, row.allowed, strict=True)),
        }
        for row in matrix.rows
    ]


def _csv(matrix: Matrix) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(("model", "verb", "path", "method", "accessType", *matrix.callers))
    for row in matrix.rows:
        writer.writerow((row.model, row.verb, row.path, row.method, row.access, *map(_word, row.allowed)))
    return written.getvalue()


def _text(matrix: Matrix, *, color: bool) -> str:
    head = ("", "", "", *matrix.callers)
    listed = [(row.verb, row.path, row.access, *map(_word, row.allowed)) for row in matrix.rows]
    widths = [max(len(line[column]) for line in (head, *listed)) for column in range(len(head))]
    lines: list[str] = []
    for model, rows in groupby(matrix.rows, key=lambda row: row.model):
        title = (model, "", "", *matrix.callers)
        shown = "  ".join(cell.ljust(width) for cell, width in zip(title[3:], widths[3:], strict=True)).rstrip()
        left = sum(widths[:3]) + 4
        lines += ["", paint(f"{model.ljust(left)}  {shown}", "bold", color=color)]
        for row in rows:
            cells = [
                _painted(allowed, width, color=color) for allowed, width in zip(row.allowed, widths[3:], strict=True)
            ]
            texts = (row.verb, row.path, row.access)
            fixed = "  ".join(cell.ljust(width) for cell, width in zip(texts, widths, strict=False))
            lines.append("  ".join((fixed, *cells)).rstrip())
    return "\n".join([*lines[1:], "", NOTE]) + "\n"


def _html(matrix: Matrix) -> str:
    tables = [_table(matrix, model, list(rows)) for model, rows in groupby(matrix.rows, key=lambda row: row.model)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Who may call what</title>\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>\n'
        f"<body><h1>Who may call what</h1>\n{''.join(tables)}<p>{NOTE}</p></body></html>\n"
    )


def _table(matrix: Matrix, model: str, rows: list[MatrixRow]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("verb", "path", "access", *matrix.callers))
    body = "".join(
        f"<tr><td>{row.verb}</td><td><code>{escape(row.path)}</code></td><td>{row.access}</td>"
        + "".join(f'<td class="{_word(one) or "none"}">{_word(one)}</td>' for one in row.allowed)
        + "</tr>\n"
        for row in rows
    )
    return f"<table><caption>{escape(model)}</caption><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>\n"


def _word(allowed: bool | None) -> str:  # noqa: FBT001 - a cell
    return "" if allowed is None else "yes" if allowed else "no"


def _painted(allowed: bool | None, width: int, *, color: bool) -> str:  # noqa: FBT001 - a cell
    text = _word(allowed).ljust(width)
    return text if allowed is None else paint(text, "good" if allowed else "bad", color=color)
