"""The search for an order with the smallest peak, against all orders there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edgelint.analysis.order.greedy import greedy
from edgelint.analysis.order.problem import Held, Problem
from edgelint.analysis.order.search import MAX_NODES, search


@st.composite
def problems(draw: st.DrawFn, most: int = 7) -> Problem:
    """Small graphs of any shape, with tensors read by several nodes, inputs, outputs and scratch."""
    count = draw(st.integers(1, most))
    before = [
        tuple(sorted(draw(st.sets(st.integers(0, node - 1), max_size=3)))) if node else ()
        for node in range(count)
    ]
    readers = {node: [later for later in range(count) if node in before[later]] for node in range(count)}
    sizes = st.integers(0, 20)
    held = [
        Held(draw(sizes), (node, *readers[node]), to_end=draw(st.booleans()) and not readers[node])
        for node in range(count)
    ]
    for users in draw(st.lists(st.sets(st.integers(0, count - 1), max_size=3), max_size=3)):
        held.append(Held(draw(sizes), tuple(sorted(users)), from_start=True, to_end=draw(st.booleans())))
    extra = draw(st.lists(st.sampled_from((0, 0, 7, 25)), min_size=count, max_size=count))
    return Problem(before, held, extra, base=draw(st.sampled_from((0, 3))))


def orders(problem: Problem, done: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every order that is allowed."""
    if len(done) == len(problem):
        yield done
    for node in range(len(problem)):
        if node not in done and all(place in done for place in problem.before[node]):
            yield from orders(problem, (*done, node))


def is_allowed(problem: Problem, order: tuple[int, ...]) -> bool:
    rank = {node: place for place, node in enumerate(order)}
    return sorted(order) == list(range(len(problem))) and all(
        rank[place] < rank[node] for node, earlier in enumerate(problem.before) for place in earlier
    )


def alive(problem: Problem, order: tuple[int, ...]) -> int:
    """The peak by definition: at each step, what was used already or from the start, and is needed still."""
    moments = [
        (set(order[:place]), set(order[place + 1 :]), {node}, problem.extra[node])
        for place, node in enumerate(order)
    ]
    moments += [(set(), set(order), set(), 0), (set(order), set(), set(), 0)]
    return max(
        problem.base
        + extra
        + sum(
            held.size
            for held in problem.held
            if (held.from_start or running & set(held.users) or past & set(held.users))
            and (
                held.to_end
                or running & set(held.users)
                or future & set(held.users)
                or (held.from_start and not past and not running)
            )
        )
        for past, future, running, extra in moments
    )


@settings(max_examples=150, deadline=None)
@given(problems(most=6))
def test_the_peak_is_that_of_the_definition(problem: Problem) -> None:
    assert all(problem.peak(order) == alive(problem, order) for order in orders(problem))


@settings(max_examples=300, deadline=None)
@given(problems())
def test_the_order_found_is_the_best_of_all(problem: Problem) -> None:
    found = search(problem)
    assert found.proven
    assert is_allowed(problem, found.order)
    assert found.peak == problem.peak(found.order)
    assert found.peak == min(map(problem.peak, orders(problem)))


@settings(max_examples=200, deadline=None)
@given(problems(most=14), st.integers(0, 400))
def test_a_search_cut_short_is_never_worse_than_the_given_order(problem: Problem, steps: int) -> None:
    found = search(problem, steps)
    assert is_allowed(problem, found.order)
    assert found.peak == problem.peak(found.order) <= problem.peak(range(len(problem)))
    assert found.peak >= problem.floor
    if found.proven:
        assert found.peak == search(problem).peak


@settings(max_examples=200, deadline=None)
@given(problems(most=10))
def test_a_mirrored_problem_has_the_same_orders_backwards(problem: Problem) -> None:
    last = len(problem) - 1
    order = greedy(problem)
    backwards = tuple(last - node for node in reversed(order))
    assert is_allowed(problem, order)
    assert is_allowed(problem.mirrored, backwards)
    assert problem.mirrored.peak(backwards) == problem.peak(order)


def chain(count: int) -> Problem:
    """Nodes in a row, each reading what the one before it made."""
    held = [Held(16 * (1 + node % 5), (node, node + 1)) for node in range(count - 1)]
    return Problem([(), *((node,) for node in range(count - 1))], held, [0] * count)


def branches(count: int, length: int) -> Problem:
    """A source, branches that widen and then narrow, given step by step in turns, and a sink."""

    def place(branch: int, step: int) -> int:
        return 1 + step * count + branch

    last = 1 + count * length
    before: list[tuple[int, ...]] = [()]
    held = [Held(1, (0, *(place(branch, 0) for branch in range(count))))]
    for step in range(length):
        before += [(place(branch, step - 1),) if step else (0,) for branch in range(count)]
    before.append(tuple(place(branch, length - 1) for branch in range(count)))
    for branch in range(count):
        steps = [place(branch, step) for step in range(length)]
        held += [Held(100, pair) for pair in pairwise(steps)]
        held.append(Held(1, (steps[-1], last)))
    return Problem(before, held, [0] * (last + 1))


def test_a_chain_needs_no_search() -> None:
    problem = chain(100_000)
    assert search(problem, 0).proven
    assert search(problem, 0).order == tuple(range(100_000))


def test_branches_run_one_after_the_other() -> None:
    problem = branches(20, 3)
    assert problem.peak(range(len(problem))) == 2100
    found = search(problem)
    assert (found.peak, found.proven) == (219, True)


def test_what_makes_constants_waits_for_its_reader() -> None:
    count = 50
    makers, users = range(count), range(count, 2 * count)
    before = [() for _ in makers] + [(place, count + place - 1) if place else (0,) for place in makers]
    held = [Held(10, (place, count + place)) for place in makers]
    held += [Held(1, pair) for pair in pairwise(users)]
    problem = Problem(before, held, [0] * (2 * count))
    assert problem.peak(range(2 * count)) == 10 * count + 1
    assert search(problem).peak == 12


def test_a_part_too_large_for_sets_still_gets_an_order() -> None:
    problem = branches(MAX_NODES, 2)
    found = search(problem)
    assert is_allowed(problem, found.order)
    assert found.peak < problem.peak(range(len(problem)))
