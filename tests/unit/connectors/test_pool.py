"""The bounded stack of connections."""

from threading import Thread

import pytest

from lbconf.connectors.sql.pool import Pool, PoolEmptyError


class World:
    """Connections are numbers; remembers which were closed and which are dead."""

    def __init__(self) -> None:
        self.made = 0
        self.closed: list[int] = []
        self.dead: set[int] = set()

    def connect(self) -> int:
        self.made += 1
        return self.made

    def usable(self, connection: int) -> bool:
        return connection not in self.dead


def pool(world: World, *, maximum: int = 2, timeout: float = 0.05, idle: float | None = None) -> Pool[int]:
    return Pool(world.connect, world.closed.append, world.usable, maximum=maximum, timeout=timeout, idle=idle)


def test_the_last_one_used_is_used_next() -> None:
    world = World()
    found = pool(world)
    one, two = found.take(), found.take()
    found.give(one)
    found.give(two)
    assert found.take() == two
    assert world.made == 2


def test_no_more_than_the_maximum() -> None:
    world = World()
    found = pool(world)
    found.take()
    found.take()
    with pytest.raises(PoolEmptyError):
        found.take()
    assert world.made == 2


def test_waiting_ends_when_one_comes_back() -> None:
    found = pool(World(), maximum=1, timeout=5)
    one = found.take()
    got: list[int] = []
    waiting = Thread(target=lambda: got.append(found.take()))
    waiting.start()
    found.give(one)
    waiting.join(5)
    assert got == [one]


def test_a_dead_one_is_replaced() -> None:
    world = World()
    found = pool(world, maximum=1)
    found.give(found.take())
    world.dead.add(1)
    assert found.take() == 2
    assert world.closed == [1]


def test_a_broken_one_is_closed_and_its_place_is_free() -> None:
    world = World()
    found = pool(world, maximum=1)
    found.give(found.take(), broken=True)
    assert world.closed == [1]
    assert found.take() == 2


def test_clear_closes_the_free_ones_now_and_the_lent_ones_later() -> None:
    world = World()
    found = pool(world)
    one, two = found.take(), found.take()
    found.give(one)
    found.clear()
    assert world.closed == [one]
    found.give(two)
    assert world.closed == [one, two]
    assert found.take() == 3
    assert found.take() == 4


def test_a_failed_attempt_leaves_its_place_free() -> None:
    world = World()

    def fail() -> int:
        raise ConnectionRefusedError

    failing: Pool[int] = Pool(fail, world.closed.append, world.usable, maximum=1, timeout=0.05)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            failing.take()


def test_unused_ones_are_closed_after_a_while() -> None:
    world = World()
    found = pool(world, idle=0.0)
    one, two = found.take(), found.take()
    found.give(one)
    found.give(two)
    assert one in world.closed
