"""What a rule may look at: the model, the target, and analyses made when first asked."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from edgelint.ir.model import Model
from edgelint.targets import Target

if TYPE_CHECKING:
    from edgelint.analysis.cost import Cost
    from edgelint.analysis.heads import Head
    from edgelint.analysis.memory import Memory
    from edgelint.analysis.support import Support


class Context:
    """One model to be judged for one target.

    model: the source graph, as the user drew it.
    target: where it shall run; None when no target was given.
    task: what the user says the model is for ("classification", …), or "auto".
    """

    def __init__(self, model: Model, target: Target | None = None, task: str = "auto") -> None:
        self.model = model
        self.target = target
        self.task = task

    @property
    def deployment(self) -> Model | None:
        """What the target's runtime executes; None where that is not known.

        The file's own graph when the runtime takes its format as it is. Lowering other formats is
        not built yet.
        """
        if self.target is None or self.model.format not in self.target.runtime.formats:
            return None
        return self.model

    @cached_property
    def cost(self) -> Cost:
        """Parameters, MACs and activation bytes of the source graph."""
        from edgelint.analysis.cost import measure

        return measure(self.model)

    @cached_property
    def memory(self) -> Memory:
        """RAM and flash on the target."""
        from edgelint.analysis.memory import estimate

        return estimate(self.model, self.deployment, self.target, self.cost, self.support)

    @cached_property
    def support(self) -> tuple[Support, ...]:
        """For each node of the deployment graph, in file order, whether the runtime runs it."""
        from edgelint.analysis.support import judge

        return judge(self.deployment, self.target) if self.deployment and self.target else ()

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """What each output of the source graph is, and the evidence for its task."""
        from edgelint.analysis.heads import find_heads

        return find_heads(self.model, self.task)
