import asyncio
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lbconf.api import user_calls
from lbconf.api.access.attempts import TooManyError
from lbconf.api.actions.call import NOTHING, Answer, Call
from lbconf.api.threads import WorkerThreads
from lbconf.api.user_calls import MOST_WAITING, UserCalls
from lbconf.diagnostics import Code
from lbconf.project.access_settings import AccessSettings
from lbconf.query.errors import RequestError


def call(action: str = "user_login") -> Call:
    return cast("Call", SimpleNamespace(endpoint=SimpleNamespace(action=action)))


def run(threads: int, story: Any) -> Any:
    """What a story answers that is told with calls on so many threads."""

    async def told() -> Any:
        workers = WorkerThreads(threads, "test")
        try:
            return await story(UserCalls(AccessSettings(digests=True, login=None), (), workers, None), workers)
        finally:
            workers.stop()

    return asyncio.run(told())


def test_others_find_a_thread_however_many_passwords_are_hashed_and_the_queue_ends() -> None:
    go = Event()

    def hashing(_: Call) -> Answer:
        go.wait(10)
        return NOTHING

    async def story(users: UserCalls, workers: WorkerThreads) -> tuple[list[int], list[Any]]:
        calls = [asyncio.create_task(users.answer(hashing, call())) for _ in range(2 + MOST_WAITING + 5)]
        free = [await workers.run(lambda number: number, number) for number in range(5)]
        refused = [one for one in calls if one.done()]
        go.set()
        await asyncio.gather(*calls, return_exceptions=True)
        return free, [one.exception() for one in refused]

    free, refused = run(3, story)
    assert free == [0, 1, 2, 3, 4]
    assert len(refused) == 5
    for problem in refused:
        assert isinstance(problem, TooManyError)
        assert (problem.status, problem.headers) == (503, ((b"retry-after", b"2"),))


@pytest.mark.parametrize(
    ("code", "waits"), [("LOGIN_FAILED", True), ("USERNAME_EMAIL_REQUIRED", False), ("INVALID_PASSWORD", False)]
)
def test_failed_logins_are_answered_late_and_let_others_pass(
    code: str,
    waits: bool,  # noqa: FBT001 - a table's column
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    def failing(_: Call) -> Answer:
        raise RequestError(Code.REQUEST_REFUSED, "no", status=401, error_code=code)

    async def story(users: UserCalls, _: WorkerThreads) -> None:
        with pytest.raises(RequestError):
            await users.answer(failing, call())
        assert not users._turn.locked()

    run(1, story)
    assert bool(slept) is waits
    assert all(0 < seconds <= user_calls.LEAST_SECONDS for seconds in slept)
