"""Which steps of a plan share a transaction. The same for an apply and for a plan written as a script."""

from collections.abc import Iterator, Sequence

from lbconf.state.steps import Step

__all__ = ["batches"]


def batches(steps: Sequence[Step], start: int = 0) -> Iterator[tuple[int, ...]]:
    """0-based numbers, from `start` on, of the steps that share a transaction.

    A step that takes none is alone; one that says `apart` begins a new one.
    """
    batch: list[int] = []
    for number in range(start, len(steps)):
        step = steps[number]
        if batch and (step.apart or not step.transactional):
            yield tuple(batch)
            batch = []
        if step.transactional:
            batch.append(number)
        else:
            yield (number,)
    if batch:
        yield tuple(batch)
