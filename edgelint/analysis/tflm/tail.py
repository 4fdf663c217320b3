"""The tail of the arena: everything that stays for as long as the interpreter lives.

Sources: tensorflow/tflite-micro@90b983c2, micro/micro_allocator.cc, micro_interpreter.cc,
micro_resource_variable.cc, arena_allocator/single_arena_buffer_allocator.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.analysis.tflm.head import OfflinePlan
from edgelint.analysis.tflm.prepare import Prepared, record_name
from edgelint.analysis.tflm.requests import Unmodelled, nbytes
from edgelint.analysis.tflm.sizes import ALIGNMENT, Sizes, round_up
from edgelint.analysis.tflm.views import quantized_channels
from edgelint.ir.model import Graph, Model, Value


class Tail:
    """The bytes taken from the arena's end, for one model on one build; each request is rounded by itself.

    after_operator: the bytes taken once each operator is prepared, in file order.
    """

    def __init__(self, model: Model, build: Sizes, prepared: Prepared, offline: OfflinePlan) -> None:
        self.used = 0
        self.after_operator: list[int] = []
        self._model = model
        self._build = build
        self._prepared = prepared
        self._offline = offline

    def take_until_planned(self) -> int:
        """The bytes taken when the head is planned, in the runtime's order."""
        self._allocators()
        for graph in self._model.graphs:
            self._records("eval_tensor", len(graph.values))
        for graph in self._model.graphs:
            self._records("node", len(graph.nodes))
        self._operators()
        self._variables()
        return self.used

    def take_inputs_and_outputs(self) -> int:
        """The bytes taken in the end. Only after `take_until_planned`."""
        main = self._model.main
        for names in (main.inputs, main.outputs):
            self._take(self._build.pointer * len(names))
            for name in names:
                self._records("io_tensor", 1)
                self._quantization(main.values[name])
        return self.used

    def _take(self, size: int, alignment: int = ALIGNMENT) -> None:
        self.used = round_up(self.used + size, alignment)

    def _records(self, name: str, count: int) -> None:
        size, alignment = self._build.struct[name]
        self._take(size * count, alignment)

    def _allocators(self) -> None:
        for name in ("arena_allocator", "planner", "allocator"):
            self._records(name, 1)
        # The application has to declare as many resource variables as the model has.
        variables = len({name for _, name in self._prepared.variables.handles.values()})
        if variables:
            self._take(self._build.struct["resource_table"][0])
            self._take(self._build.struct["resource_entry"][0] * variables)
        self._records("builtin_data_allocator", 1)
        self._records("subgraph_record", len(self._model.graphs))

    def _operators(self) -> None:
        names = [record_name(node) for _, node in self._model.nodes()]
        for name in names:
            if name in self._build.options:
                self._take(*self._build.options[name])
        for name in names:
            if name in self._build.op_data:
                self._take(self._build.op_data[name])
        asked = [requests for graph in self._prepared.requests for requests in graph]
        for requests in asked:
            for size in requests.persistent:
                self._take(size)
            self.after_operator.append(self.used)
        handles = sum(len(requests.scratch) for requests in asked)
        if handles:
            self._records("scratch_handle", handles)

    def _variables(self) -> None:
        for graph in self._model.graphs:
            for value in _variables_of(graph):
                if self._offline.keeps_variable(value.index):
                    self._take(_size(value))

    def _quantization(self, value: Value) -> None:
        channels = quantized_channels(value)
        if channels:
            self._records("io_quantization", 1)
            self._take(4 + 4 * channels, 4)


def _variables_of(graph: Graph) -> Sequence[Value]:
    return [value for value in graph.values.values() if value.is_variable]


def _size(value: Value) -> int:
    try:
        return nbytes(value)
    except Unmodelled:
        return 0
