"""What a rule may look at: the model, the target, and analyses made when first asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from edgelint.analysis.own_limits import Limits
from edgelint.ir.dtype import DType
from edgelint.ir.model import Model
from edgelint.targets import Target

if TYPE_CHECKING:
    from edgelint.analysis.cost.measure import Cost
    from edgelint.analysis.files.payloads import Payload
    from edgelint.analysis.heads.find import Head
    from edgelint.analysis.heads.stacked import Pair
    from edgelint.analysis.hidden.activations import Activated, Paths
    from edgelint.analysis.hidden.ranges import Intervals
    from edgelint.analysis.memory import Memory
    from edgelint.analysis.order.better import BetterOrder
    from edgelint.analysis.quantization.layers import QuantizedLayer
    from edgelint.analysis.quantization.requantize import Outcome
    from edgelint.analysis.structure.fixed_values import FixedValues
    from edgelint.analysis.structure.redundancy import Workload
    from edgelint.analysis.structure.usage import Usage
    from edgelint.analysis.support.judge import Support
    from edgelint.analysis.support.partition import Partition
    from edgelint.analysis.weights.reading import Weights
    from edgelint.lowering import Lowered
    from edgelint.rule import Rule


class Context:
    """One model to be judged for one target.

    model: the source graph, as the user drew it.
    target: where it shall run; None when no target was given.
    task: what the user says the model is for ("classification", …), or "auto".
    quantize: a quantization to be tried on it ("int8", …); None takes it as it is in the file.
    options: rule code to the thresholds that the user has moved.
    read_weights: whether the numbers of its constants may be read; None leaves that to their size.
    limits: what the user allows it to be, apart from what the target has room for.
    """

    def __init__(
        self,
        model: Model,
        target: Target | None = None,
        task: str = "auto",
        quantize: str | None = None,
        options: Mapping[str, Mapping[str, object]] | None = None,
        read_weights: bool | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.model: Model = model
        self.target: Target | None = target
        self.task = task
        self.quantize = quantize
        self.options = options or {}
        self.read_weights = read_weights
        self.limits = limits or Limits()

    def option(self, rule: Rule | type[Rule], name: str) -> float:
        """The threshold `name` of `rule`: the user's, or its default."""
        return cast(float, self.options.get(rule.code, {}).get(name, rule.options[name].default))

    @cached_property
    def quantization(self) -> Outcome | None:
        """What came of the quantization asked for; None when none was, or a conversion sees to it."""
        if self.quantize is None or self.lowered is not None:
            return None
        from edgelint.analysis.quantization.requantize import attempt

        return attempt(self.model, self.quantize)

    @cached_property
    def lowered(self) -> Lowered | None:
        """What a converter is predicted to make of the source graph for this target.

        None where the runtime takes the file as it is, or where no conversion leads to it.
        """
        if self.target is None or self.model.format in self.target.runtime.formats:
            return None
        if "tflite" not in self.target.runtime.formats:
            return None
        from edgelint.lowering import LOWERINGS, lower

        return lower(self.model, self.quantize) if self.model.format in LOWERINGS else None

    @property
    def network(self) -> Model:
        """What costs are counted of: the deployment graph where it is known or predicted, else the source."""
        if self.lowered and self.lowered.model:
            return self.lowered.model
        return self.quantization.model if self.quantization else self.model

    @cached_property
    def words(self) -> frozenset[str]:
        """The file's words for the operators of the source graphs."""
        return frozenset({node.source.op for graph in self.model.graphs for node in graph.nodes})

    @cached_property
    def dtypes(self) -> frozenset[DType]:
        """The types that values of the source graphs have."""
        return _dtypes(self.model)

    @cached_property
    def network_dtypes(self) -> frozenset[DType]:
        """The same of `network`."""
        return self.dtypes if self.network is self.model else _dtypes(self.network)

    @property
    def deployment(self) -> Model | None:
        """What the target's runtime executes; None where that is not known.

        The file's own graph when the runtime takes its format as it is, quantized if that was asked
        for; the predicted result of a conversion otherwise.
        """
        if self.target is None:
            return None
        if self.lowered is not None:
            return self.lowered.model
        if self.model.format not in self.target.runtime.formats:
            return None
        if self.quantization and not self.quantization.certain:
            return None
        return self.network

    @cached_property
    def cost(self) -> Cost:
        """Parameters, MACs and activation bytes of `network`."""
        from edgelint.analysis.cost.measure import measure

        return measure(self.network)

    @cached_property
    def stored(self) -> Cost:
        """The same of the source graph: its parameters are those that the file stores."""
        if self.lowered is None or self.lowered.model is None:
            return self.cost
        from edgelint.analysis.cost.measure import measure

        return measure(self.model)

    @cached_property
    def memory(self) -> Memory:
        """RAM and flash on the target."""
        from edgelint.analysis.memory import estimate

        found = estimate(self.model, self.deployment, self.target, self.cost, self.support, self.quantization)
        return self.partition.weaken(found) if self.partition else found

    @cached_property
    def has_another_order(self) -> bool:
        """Whether some operator of the deployed main graph does not read what the one before it makes."""
        nodes = self.deployment.main.nodes if self.deployment else ()
        return any(set(one.outputs).isdisjoint(other.inputs) for one, other in pairwise(nodes))

    @cached_property
    def better_order(self) -> BetterOrder | None:
        """An order of the file's operators that needs a smaller arena; None without one.

        None too for what is still to be converted: the converter decides the order.
        """
        if self.target is None or self.deployment is None or self.memory.arena.layout is None:
            return None
        if self.model.format not in self.target.runtime.formats or not self.has_another_order:
            return None
        from edgelint.analysis.order.better import find_better_order

        return find_better_order(self.deployment, self.target, self.memory.arena)

    @cached_property
    def support(self) -> tuple[Support, ...]:
        """For each node of the deployment graph, in file order, whether the runtime runs it."""
        from edgelint.analysis.support.judge import judge

        if self.deployment is None or self.target is None:
            return ()
        placements = self.partition.placements if self.partition else ()
        return judge(self.deployment, self.target, placements, self.registered_operators)

    @property
    def registered_operators(self) -> frozenset[str]:
        """The custom operators that the user says the application brings: the option `allow` of EL103."""
        said = str(self.options.get("EL103", {}).get("allow", ""))
        return frozenset(filter(None, map(str.strip, said.split(","))))

    @cached_property
    def partition(self) -> Partition | None:
        """What the target's accelerator runs and what falls back to its processor; None without one."""
        if self.deployment is None or self.target is None or self.target.accelerator is None:
            return None
        from edgelint.analysis.cost.measure import measure
        from edgelint.analysis.support.partition import partition

        own = self.deployment is self.network
        return partition(self.deployment, self.target, self.cost if own else measure(self.deployment))

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """What each output of the source graph is, and the evidence for its task."""
        from edgelint.analysis.heads.find import find_heads

        return find_heads(self.model, self.task)

    @cached_property
    def weights(self) -> Weights:
        """The stored constants of the source graph, and what their numbers are."""
        from edgelint.analysis.weights.reading import Weights

        return Weights(self.model, self.read_weights)

    @cached_property
    def usage(self) -> Usage:
        """Who needs which value of the source graph."""
        from edgelint.analysis.structure.usage import Usage

        return Usage(self.model)

    @cached_property
    def fixed_values(self) -> FixedValues:
        """Which values of the source graph are the same in every run, or the same as others."""
        from edgelint.analysis.structure.fixed_values import FixedValues

        return FixedValues(self.usage)

    @cached_property
    def workload(self) -> Workload:
        """What each node of the source graph does."""
        from edgelint.analysis.structure.redundancy import Workload

        return Workload(self)

    @cached_property
    def quantized_layers(self) -> tuple[QuantizedLayer, ...]:
        """The layers of the source graph whose weights the file stores as integers, in file order."""
        from edgelint.analysis.quantization.layers import quantized_layers

        return tuple(quantized_layers(self.model))

    @cached_property
    def weight_codes(self) -> tuple[tuple[int, ...] | None, ...]:
        """For each of `quantized_layers`, how far its channels' codes go from the zero point; None unread."""
        from edgelint.analysis.quantization.weight_codes import largest_codes

        if self.read_weights is False:
            return (None,) * len(self.quantized_layers)
        return largest_codes(self.quantized_layers)

    @cached_property
    def intervals(self) -> tuple[Intervals, ...]:
        """The numbers that each value of the source graphs can take, as far as that can be proven."""
        from edgelint.analysis.hidden.ranges import intervals

        return tuple(intervals(graph) for graph in self.model.graphs)

    @cached_property
    def payloads(self) -> tuple[Payload, ...]:
        """The programs and archives that the file hides or carries."""
        from edgelint.analysis.files.payloads import payloads

        return payloads(self.model)

    @cached_property
    def stacked(self) -> tuple[Pair, ...]:
        """Softmaxes and sigmoids of the source graph that read another activation."""
        from edgelint.analysis.heads.stacked import pairs

        return tuple(pairs(self.model, self.activations))

    @cached_property
    def activations(self) -> tuple[Activated, ...]:
        """Every activation of the source graphs, fused or not, in file order."""
        from edgelint.analysis.hidden.activations import activations

        return tuple(activations(self.model))

    @cached_property
    def paths(self) -> Paths:
        """The straight ways through the source graphs."""
        from edgelint.analysis.hidden.activations import Paths

        return Paths(self.model)


def _dtypes(model: Model) -> frozenset[DType]:
    found = {value.dtype for graph in model.graphs for value in graph.values.values()}
    return frozenset(filter(None, found))
