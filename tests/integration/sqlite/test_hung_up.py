"""A statement that nobody waits for any more ends in its thread, which goes on with other work."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lbconf.api.threads import WorkerThreads
from lbconf.connectors.registry import connector_type
from lbconf.connectors.sql.compile import Compiled
from tests.strategies.rows import data_source

ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


def test_the_thread_is_free_again(tmp_path: Path) -> None:
    kind = connector_type("sqlite")
    assert kind is not None

    async def hang_up(connector: Any) -> Any:
        threads = WorkerThreads(1, "test")
        try:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(threads.run(connector.fetch, Compiled(ENDLESS, [])), 0.5)
            return await asyncio.wait_for(threads.run(connector.fetch, Compiled("SELECT 42", [])), 10)
        finally:
            threads.stop()

    with closing(kind.create(data_source("sqlite", {"file": str(tmp_path / "rows.db")}))) as connector:
        connector.open()
        assert [tuple(row) for row in asyncio.run(hang_up(connector))] == [(42,)]
