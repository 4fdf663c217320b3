"""An order that always runs the node after which least is alive; time O(e log n)."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from edgelint.analysis.order.problem import Held, Problem


def greedy(problem: Problem) -> tuple[int, ...]:
    """An order of all nodes; among equals, the node that comes first in the given one."""
    return _Greedy(problem).order()


class _Greedy:
    """The choice so far: how each waiting node would change the bytes alive."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.waiting_for = [len(earlier) for earlier in problem.before]
        self.done = [False] * len(problem)
        self.left = {id(held): len(held.users) for held in problem.held}
        self.change = [sum(_change(held, len(held.users)) for held in touched) for touched in problem.touched]
        self.queue = [(self.change[node], node) for node, count in enumerate(self.waiting_for) if not count]
        heapify(self.queue)

    def order(self) -> tuple[int, ...]:
        order = []
        while self.queue:
            change, node = heappop(self.queue)
            if self.done[node] or change != self.change[node]:
                continue
            self.done[node] = True
            order.append(node)
            for held in self.problem.touched[node]:
                self._use(held)
            for later in self.problem.after[node]:
                self.waiting_for[later] -= 1
                if not self.waiting_for[later]:
                    heappush(self.queue, (self.change[later], later))
        return tuple(order)

    def _use(self, held: Held) -> None:
        """One more user of `held` has run: the others now find it alive, the last one frees it."""
        self.left[id(held)] -= 1
        left = self.left[id(held)]
        first = left == len(held.users) - 1 and not held.from_start
        last = left == 1 and not held.to_end
        if not first and not last:
            return
        for user in held.users:
            if not self.done[user]:
                self.change[user] -= held.size * (first + last)
                if not self.waiting_for[user]:
                    heappush(self.queue, (self.change[user], user))


def _change(held: Held, users: int) -> int:
    """By how much a node that is the first to use `held` changes the bytes alive."""
    return held.size * ((held.to_end or users > 1) - held.from_start)
