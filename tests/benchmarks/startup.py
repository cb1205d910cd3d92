"""The command line: how long it takes to say its version, and to validate."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.processes import LBCONF, timed_alternately
from tests.benchmarks.results import Result

__all__ = ["many_models", "measure"]

ROOT = Path(__file__).parents[2]
RUNS = 15
MODELS = 1000


def measure() -> Iterator[Result]:
    """Whole-process ratios, and processor time per model."""
    nothing, version, account = timed_alternately(
        [
            [sys.executable, "-c", "pass"],
            [LBCONF, "--version"],
            [LBCONF, "--project", str(ROOT), "--env", "development", "validate"],
        ],
        runs=RUNS,
    )
    base = f"`python -c pass`: {nothing.wall * 1000:.0f} ms"
    yield Result(
        name="`lbconf --version`",
        measured=f"{version.wall * 1000:.0f} ms",
        against=base,
        value=version.wall / nothing.wall,
        limit=3,
    )
    yield Result(
        name="`lbconf validate`, the account application",
        measured=f"{account.wall * 1000:.0f} ms",
        against=base,
        value=account.wall / nothing.wall,
        limit=6,
    )
    with tempfile.TemporaryDirectory() as folder:
        many_models(Path(folder), MODELS)
        (many,) = timed_alternately([[LBCONF, "--project", folder, "validate"]], runs=3)
    yield Result(
        name=f"`lbconf validate`, {MODELS} models, processor time a model",
        measured=f"{many.processor * 1000:.0f} ms in all",
        against=f"the account application: {account.processor * 1000:.0f} ms",
        value=(many.processor - account.processor) * 1000 / MODELS,
        limit=1,
        unit="ms",
    )


def many_models(root: Path, count: int, *, connector: str = "memory") -> None:
    """Write a native project of `count` models with six properties, an index and a relation to the one before."""
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(
        f"db:\n  connector: {connector}\n" + ("  url: ${DATABASE_URL}\n" if connector != "memory" else "")
    )
    for number in range(count):
        relation = (
            f"relations:\n  previous:\n    type: belongsTo\n    model: Thing{number - 1}\n    foreignKey: previousId\n"
            if number
            else ""
        )
        (base / "models" / f"thing{number}.yaml").write_text(
            f"name: Thing{number}\ndataSource: db\npublic: true\n"
            "properties:\n"
            "  name:\n    type: string\n    required: true\n    index: true\n"
            "  level:\n    type: integer\n"
            "  price:\n    type: number\n"
            "  active:\n    type: boolean\n    default: true\n"
            "  created:\n    type: date\n" + relation
        )
