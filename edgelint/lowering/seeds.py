"""Random seeds that Keras 3 exports with layers that drop out: they advance where nothing is dropped."""

from __future__ import annotations

from edgelint.ir.dtype import DType
from edgelint.lowering.draft import Draft, Edge, Op

SEED = (2,)
"""Shape of a seed generator's state."""


def with_seeds(draft: Draft) -> None:
    """Puts the seeds of the loops in `draft`, settled already, where the converter has them.

    A graph that is called once sets all; each is read, advanced and written behind its own loop.
    """
    seeded = [op for op in draft.ops if op.seeds]
    if not seeded:
        return
    start = Draft()
    start.within("seeds", "seeds")
    handles = {op: _handle(draft, place) for place, op in enumerate(seeded)}
    start.ops = [each for place in range(len(seeded)) for each in _set(start, place)]
    ops = [Op("CALL_ONCE", [], [], name="seeds", bodies=(start,)), *handles.values()]
    step, waiting = Edge(SEED, DType.INT64, constant=True, label="seeds/step"), list[Op]()
    for op in draft.ops:
        # The last step is cut out of what the loop gathered before anything else happens.
        if waiting and op.kind != "STRIDED_SLICE":
            ops, waiting = [*ops, *waiting], []
        ops.append(op)
        if op in handles:
            waiting = [each for _ in range(op.seeds) for each in _advanced(handles[op].output, step)]
    draft.ops = [*ops, *waiting]


def _handle(draft: Draft, place: int) -> Op:
    variable = Edge((), DType.RESOURCE, label=f"{draft.label or 'main'}/seed")
    return Op("VAR_HANDLE", [], [variable], {"shared_name": f"seed_{place}"}, name=f"seed_{place}")


def _set(draft: Draft, place: int) -> tuple[Op, Op]:
    handle = _handle(draft, place)
    state = Edge(SEED, DType.INT64, constant=True, label="seed/state")
    return handle, Op("ASSIGN_VARIABLE", [handle.output, state], [], name="seed/set")


def _advanced(variable: Edge, step: Edge) -> tuple[Op, Op, Op]:
    state, sum = Edge(SEED, DType.INT64, label="seed/read"), Edge(SEED, DType.INT64, label="seed/advanced")
    return (
        Op("READ_VARIABLE", [variable], [state], name="seed/read"),
        Op("ADD", [state, step], [sum], name="seed/advance"),
        Op("ASSIGN_VARIABLE", [variable, sum], [], name="seed/write"),
    )
