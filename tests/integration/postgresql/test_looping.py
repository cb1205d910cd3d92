"""Statements whose answers the event loop waits for: connections shared, cut, cancelled, and never mixed up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.connectors.sql.compile import Compiled
from lbconf.cooperation import apart, cooperate, current_loop, pause, together
from lbconf.diagnostics import Code
from lbconf.errors import ConnectionFailedError, ConnectorError, ConstraintError, TimedOutError
from lbconf.layers.secret import Secret
from tests.strategies.rows import data_source

SLEEPERS = """
SELECT count(*) FROM pg_stat_activity
WHERE query LIKE '%sleep(100%' AND state = 'active' AND pid <> pg_backend_pid() AND $1 = 1
"""
Make = Callable[..., PostgresqlConnector]


@pytest.fixture
def make(postgresql_url: str) -> Iterator[Make]:
    made: list[PostgresqlConnector] = []

    def connector(**settings: Any) -> PostgresqlConnector:
        found = PostgresqlConnector(data_source("postgresql", {"url": Secret(postgresql_url), **settings}))
        made.append(found)
        return found

    yield connector
    for one in made:
        one.close()


def ask(connector: PostgresqlConnector, sql: str, *parameters: Any) -> Any:
    return connector.fetch(Compiled(sql, list(parameters)))[0][0]


async def beside(connector: PostgresqlConnector, sql: str, *parameters: Any) -> Any:
    return await cooperate(partial(ask, connector, sql), *parameters or (1,))


async def until(asking: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    for _ in range(2000):
        if await asking() == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {wanted}")


def backends(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_more_callers_than_connections_are_all_answered(make: Make, postgresql_url: str) -> None:
    connector = make(max=3)

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(beside(connector, "SELECT $1::int * 2", n) for n in range(200)))

    assert asyncio.run(all_of_them()) == [2 * n for n in range(200)]
    assert backends(postgresql_url) <= 3


def test_the_loop_goes_on_while_a_statement_runs(make: Make) -> None:
    connector = make()

    async def both() -> list[str]:
        order: list[str] = []

        async def slow() -> None:
            await beside(connector, "SELECT pg_sleep(0.5 * $1)")
            order.append("statement")

        async def others() -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            order.append("loop")

        await asyncio.gather(slow(), others())
        return order

    assert asyncio.run(both()) == ["loop", "statement"]


def test_statements_are_prepared_and_survive_a_change_of_their_table(make: Make, postgresql_url: str) -> None:
    connector = make(max=1)
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("CREATE TABLE thing (a int)")
        other.execute("INSERT INTO thing VALUES (7)")
        statement = "SELECT * FROM thing WHERE a = $1::int"

        async def asked() -> Any:
            answers = [await beside(connector, statement, 7) for _ in range(5)]
            prepared = await beside(connector, "SELECT count(*) FROM pg_prepared_statements WHERE $1 = 1")
            other.execute("ALTER TABLE thing ALTER a TYPE text USING 'was ' || a::text")
            other.execute("UPDATE thing SET a = '7'")
            return answers, prepared, [await beside(connector, "SELECT * FROM thing WHERE $1 = 7", 7) for _ in range(4)]

        answers, prepared, after = asyncio.run(asked())
        assert answers == [7] * 5
        assert prepared == 1
        assert after == ["7"] * 4
        other.execute("ALTER TABLE thing ALTER a TYPE int USING a::int")
        again = asyncio.run(beside(connector, "SELECT * FROM thing WHERE $1 = 7", 7))
        assert again == 7


def test_a_connection_keeps_a_bounded_number_of_prepared_statements(make: Make) -> None:
    connector = make(max=1)

    async def many() -> Any:
        for number in range(300):
            for _ in range(3):
                assert await beside(connector, f"SELECT {number} + $1", 1) == number + 1
        return await beside(connector, "SELECT count(*) FROM pg_prepared_statements WHERE $1 = 1")

    assert asyncio.run(many()) == 256


def test_a_cancelled_request_ends_its_statement_at_the_server(make: Make, postgresql_url: str) -> None:
    connector = make(max=2)

    async def given_up() -> Any:
        running = asyncio.create_task(beside(connector, "SELECT pg_sleep(100 * $1)"))
        await until(partial(beside, connector, SLEEPERS), 1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(partial(beside, connector, SLEEPERS), 0)
        return await asyncio.gather(*(beside(connector, "SELECT $1 + 1", n) for n in range(8)))

    assert asyncio.run(given_up()) == [n + 1 for n in range(8)]
    assert backends(postgresql_url) <= 2


def test_transactions_of_several_callers_keep_apart(make: Make, postgresql_url: str) -> None:
    connector = make(max=4)
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("CREATE TABLE counted (n int PRIMARY KEY)")

    def write(number: int) -> None:
        with connector.transaction():
            connector.change(Compiled("INSERT INTO counted VALUES ($1)", [number]))
            connector.fetch(Compiled("SELECT pg_sleep(0.001 * ($1::int % 7))", [number]))
            if number % 3 == 0:
                raise ValueError
            with connector.transaction():
                connector.change(Compiled("INSERT INTO counted VALUES ($1)", [number + 1000]))

    async def all_of_them() -> None:
        ends = await asyncio.gather(*(cooperate(write, n) for n in range(60)), return_exceptions=True)
        assert [type(end) for end in ends] == [ValueError if n % 3 == 0 else type(None) for n in range(60)]

    asyncio.run(all_of_them())
    with psycopg.connect(postgresql_url) as other:
        kept = {number for (number,) in other.execute("SELECT n FROM counted")}
    assert kept == {n + more for n in range(60) if n % 3 for more in (0, 1000)}


def test_errors_are_those_of_the_other_way(make: Make, postgresql_url: str) -> None:
    connector = make(max=1)
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("CREATE TABLE once (a int, b int CONSTRAINT one_b UNIQUE)")
        other.execute("INSERT INTO once VALUES (1, 1)")
    statement = Compiled("INSERT INTO once VALUES ($1, $2)", [2, 1])
    with pytest.raises(ConstraintError) as usual:
        connector.change(statement)
    with pytest.raises(ConstraintError) as beside_the_loop:
        asyncio.run(cooperate(connector.change, statement))
    assert beside_the_loop.value.diagnostics == usual.value.diagnostics
    assert beside_the_loop.value.columns == usual.value.columns == ("b",)


def test_a_time_limit_holds(make: Make) -> None:
    connector = make(statementTimeout=100)
    with pytest.raises(TimedOutError):
        asyncio.run(beside(connector, "SELECT pg_sleep(10 * $1)"))
    assert asyncio.run(beside(connector, "SELECT $1 + 1", 1)) == 2


def test_a_connection_cut_by_the_server_is_told_and_replaced(make: Make, postgresql_url: str) -> None:
    connector = make(max=2)

    async def cut() -> Any:
        process = await beside(connector, "SELECT pg_backend_pid() + 0 * $1")
        running = asyncio.create_task(beside(connector, "SELECT pg_sleep(100 * $1)"))
        await asyncio.sleep(0.1)
        with psycopg.connect(postgresql_url) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (process,))
        with pytest.raises(ConnectionFailedError):
            await running
        return await asyncio.gather(*(beside(connector, "SELECT $1 + 1", n) for n in range(6)))

    assert asyncio.run(cut()) == [n + 1 for n in range(6)]


def test_threads_and_the_loop_share_the_connections(make: Make, postgresql_url: str) -> None:
    connector = make(max=1)
    held, done = Event(), Event()

    def thread() -> None:
        with connector.transaction():
            held.set()
            assert done.wait(20)

    async def waiting() -> Any:
        wanted = asyncio.create_task(beside(connector, "SELECT $1 + 1", 1))
        await asyncio.sleep(0.05)
        assert not wanted.done()
        done.set()
        return await wanted

    worker = Thread(target=thread)
    worker.start()
    assert held.wait(20)
    assert asyncio.run(waiting()) == 2
    worker.join()
    assert ask(connector, "SELECT $1 + 1", 1) == 2
    assert backends(postgresql_url) == 1


def test_nobody_waits_longer_for_a_connection_than_the_settings_say(make: Make) -> None:
    connector = make(max=1, poolTimeout=200)

    async def waiting() -> None:
        running = asyncio.create_task(beside(connector, "SELECT pg_sleep(100 * $1)"))
        await asyncio.sleep(0.05)
        with pytest.raises(ConnectorError) as found:
            await beside(connector, "SELECT $1 + 1", 1)
        assert found.value.diagnostics[0].code is Code.CONNECTIONS_EXHAUSTED
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(waiting())


def test_values_larger_than_what_a_socket_takes_at_once(make: Make) -> None:
    connector = make()
    text = "ä" * 8_000_000
    assert asyncio.run(beside(connector, "SELECT $1::text || '.'", text)) == text + "."


def test_a_dead_server_is_told_without_blocking(make: Make) -> None:
    connector = PostgresqlConnector(data_source("postgresql", {"host": "127.0.0.1", "port": 1}))
    del make
    with pytest.raises(ConnectionFailedError):
        asyncio.run(beside(connector, "SELECT $1 + 1", 1))


def test_who_asks_for_the_same_at_once_is_answered_by_one_call_that_began_later() -> None:
    calls: list[int] = []

    async def asking() -> tuple[list[Any], int]:
        loop = asyncio.get_running_loop()

        def shared() -> int:
            pause(loop.run_in_executor(None, lambda: None))
            calls.append(1)
            return len(calls)

        first = [asyncio.create_task(cooperate(lambda _: together("same", shared), None)) for _ in range(5)]
        other = asyncio.create_task(cooperate(lambda _: together("other", lambda: -1), None))
        first[2].cancel()
        found: list[Any] = await asyncio.gather(*first, return_exceptions=True)
        assert isinstance(found.pop(2), asyncio.CancelledError)
        again = await cooperate(lambda _: together("same", shared), None)
        return [*found, await other], again

    assert asyncio.run(asking()) == ([1, 1, 1, 1, -1], 2)
    assert together("same", lambda: 7) == 7


def test_who_asks_while_a_call_runs_shares_the_next_one() -> None:
    begun: list[int] = []

    async def asking() -> list[int]:
        loop = asyncio.get_running_loop()
        doors = [loop.create_future() for _ in range(3)]

        def shared() -> int:
            begun.append(len(begun))
            number = begun[-1]
            pause(doors[number])
            return number

        def ask() -> asyncio.Task[int]:
            return asyncio.create_task(cooperate(lambda _: together("same", shared), None))

        async def settle() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        told = [ask()]
        await settle()
        told += [ask(), ask()]
        await settle()
        assert begun == [0]
        doors[0].set_result(None)
        await settle()
        assert begun == [0, 1]
        told.append(ask())
        doors[1].set_result(None)
        doors[2].set_result(None)
        return await asyncio.gather(*told)

    assert asyncio.run(asking()) == [0, 1, 1, 2]


def test_a_call_that_takes_long_keeps_nobody_from_another() -> None:
    begun: list[int] = []

    async def asking() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        stuck = loop.create_future()

        def shared() -> int:
            begun.append(len(begun))
            number = begun[-1]
            if number == 0:
                pause(stuck)
            return number

        first = asyncio.create_task(cooperate(lambda _: together("same", shared), None))
        await asyncio.sleep(0)
        second = await asyncio.wait_for(cooperate(lambda _: together("same", shared), None), 60)
        stuck.set_result(None)
        return await first, second

    assert asyncio.run(asking()) == (0, 1)


def test_a_failure_of_a_shared_call_is_everybodys() -> None:
    def failing() -> int:
        raise ValueError("told")

    async def asking() -> list[Any]:
        wanted = (cooperate(lambda _: together("same", failing), None) for _ in range(3))
        return await asyncio.gather(*wanted, return_exceptions=True)

    assert [str(found) for found in asyncio.run(asking())] == ["told"] * 3


def test_what_takes_long_is_done_elsewhere_and_only_beside_a_loop() -> None:
    def work(value: int) -> tuple[int, bool]:
        return apart(lambda: (value + 1, current_loop() is None))

    assert work(1) == (2, True)
    assert asyncio.run(cooperate(work, 1)) == (2, True)


def test_a_failure_of_what_is_waited_for_is_raised_where_it_waits() -> None:
    async def failing() -> None:
        loop = asyncio.get_running_loop()

        def work(_: int) -> str:
            future = loop.create_future()
            loop.call_soon(future.set_exception, ValueError("told"))
            try:
                pause(future)
            except ValueError as problem:
                return str(problem)
            return "nothing"

        assert await cooperate(work, 1) == "told"

    asyncio.run(failing())
