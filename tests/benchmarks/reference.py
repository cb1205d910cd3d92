"""What somebody would write by hand: Litestar, psycopg, and the JSON text the database builds.

Run as `python -m tests.benchmarks.reference PORT URL TABLE`, with uvicorn set as `lbconf serve` sets it.
"""

import sys
from typing import Final

import uvicorn
from litestar import Litestar, Response, get
from litestar.exceptions import NotFoundException
from psycopg_pool import ConnectionPool

__all__: list[str] = []

POOL_SIZE: Final = 10


def application(url: str, table: str) -> Litestar:
    """Three endpoints, each one query, run in a thread."""
    pool = ConnectionPool(url, min_size=POOL_SIZE, max_size=POOL_SIZE, open=True, kwargs={"autocommit": True})

    @get("/api/items/{key:int}", sync_to_thread=True)
    def by_id(key: int) -> Response[bytes]:
        with pool.connection() as connection:
            row = connection.execute(f'SELECT row_to_json(t)::text FROM "{table}" t WHERE id = %s', (key,)).fetchone()
        if row is None:
            raise NotFoundException
        return Response(row[0].encode(), media_type="application/json")

    @get("/api/items", sync_to_thread=True)
    def listed(limit: int, skip: int) -> Response[bytes]:
        query = (
            "SELECT coalesce(json_agg(row_to_json(t)), '[]')::text "
            f'FROM (SELECT * FROM "{table}" ORDER BY id LIMIT %s OFFSET %s) t'
        )
        with pool.connection() as connection:
            row = connection.execute(query, (limit, skip)).fetchone()
        assert row is not None
        return Response(row[0].encode(), media_type="application/json")

    @get("/api/items/after/{key:int}", sync_to_thread=True)
    def after(key: int, limit: int) -> Response[bytes]:
        query = (
            "SELECT coalesce(json_agg(row_to_json(t)), '[]')::text "
            f'FROM (SELECT * FROM "{table}" WHERE id > %s ORDER BY id LIMIT %s) t'
        )
        with pool.connection() as connection:
            row = connection.execute(query, (key, limit)).fetchone()
        assert row is not None
        return Response(row[0].encode(), media_type="application/json")

    return Litestar([by_id, listed, after], openapi_config=None)


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2], sys.argv[3]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_config=None,
        server_header=False,
    )
