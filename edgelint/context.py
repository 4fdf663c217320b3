"""What a rule may look at: the model, the target, and analyses made when first asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, cast

from edgelint.ir.model import Model
from edgelint.targets import Target

if TYPE_CHECKING:
    from edgelint.analysis.cost import Cost
    from edgelint.analysis.heads import Head
    from edgelint.analysis.memory import Memory
    from edgelint.analysis.order import BetterOrder
    from edgelint.analysis.partition import Partition
    from edgelint.analysis.requantize import Outcome
    from edgelint.analysis.support import Support
    from edgelint.lowering import Lowered
    from edgelint.rule import Rule


class Context:
    """One model to be judged for one target.

    model: the source graph, as the user drew it.
    target: where it shall run; None when no target was given.
    task: what the user says the model is for ("classification", …), or "auto".
    quantize: a quantization to be tried on it ("int8", …); None takes it as it is in the file.
    options: rule code to the thresholds that the user has moved.
    """

    def __init__(
        self,
        model: Model,
        target: Target | None = None,
        task: str = "auto",
        quantize: str | None = None,
        options: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        self.model = model
        self.target = target
        self.task = task
        self.quantize = quantize
        self.options = options or {}

    def option(self, rule: Rule | type[Rule], name: str) -> float:
        """The threshold `name` of `rule`: the user's, or its default."""
        return cast(float, self.options.get(rule.code, {}).get(name, rule.options[name].default))

    @cached_property
    def quantization(self) -> Outcome | None:
        """What came of the quantization asked for; None when none was, or a conversion sees to it."""
        if self.quantize is None or self.lowered is not None:
            return None
        from edgelint.analysis.requantize import attempt

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
        from edgelint.analysis.cost import measure

        return measure(self.network)

    @cached_property
    def stored(self) -> Cost:
        """The same of the source graph: its parameters are those that the file stores."""
        if self.lowered is None or self.lowered.model is None:
            return self.cost
        from edgelint.analysis.cost import measure

        return measure(self.model)

    @cached_property
    def memory(self) -> Memory:
        """RAM and flash on the target."""
        from edgelint.analysis.memory import estimate

        found = estimate(self.model, self.deployment, self.target, self.cost, self.support, self.quantization)
        return self.partition.weaken(found) if self.partition else found

    @cached_property
    def better_order(self) -> BetterOrder | None:
        """An order of the file's operators that needs a smaller arena; None without one.

        None too for what is still to be converted: the converter decides the order.
        """
        if self.target is None or self.deployment is None or self.memory.arena.layout is None:
            return None
        if self.model.format not in self.target.runtime.formats:
            return None
        from edgelint.analysis.order import find_better_order

        return find_better_order(self.deployment, self.target, self.memory.arena)

    @cached_property
    def support(self) -> tuple[Support, ...]:
        """For each node of the deployment graph, in file order, whether the runtime runs it."""
        from edgelint.analysis.support import judge

        if self.deployment is None or self.target is None:
            return ()
        placements = self.partition.placements if self.partition else ()
        return judge(self.deployment, self.target, placements)

    @cached_property
    def partition(self) -> Partition | None:
        """What the target's accelerator runs and what falls back to its processor; None without one."""
        if self.deployment is None or self.target is None or self.target.accelerator is None:
            return None
        from edgelint.analysis.cost import measure
        from edgelint.analysis.partition import partition

        own = self.deployment is self.network
        return partition(self.deployment, self.target, self.cost if own else measure(self.deployment))

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """What each output of the source graph is, and the evidence for its task."""
        from edgelint.analysis.heads import find_heads

        return find_heads(self.model, self.task)
