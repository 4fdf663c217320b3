"""EL612."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.weights.statistics import Statistics
from edgelint.analysis.weights.training_traces import BatchStatistics, batch_statistics, biases_at_zero
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.printable import printable
from edgelint.quantity import show_count
from edgelint.rule import Finding, Option, Rule, Severity


def _normalized(mean: str, variance: str, size: int = 16, scale: str = "1.5 0.5", then: int = 0) -> Example:
    example = chain(f"float32[1,{size}]")
    for _ in range(1 + then):
        example = example.op(
            "BatchNormalization",
            f"float32[1,{size}]",
            scale=f"float32[{size}] = {scale}",
            shift=f"float32[{size}]",
            mean=f"float32[{size}] = {mean}",
            variance=f"float32[{size}] = {variance}",
        )
    return example


class UntrainedBatchNorm(Rule):
    """Batch normalization whose mean and variance are still 0 and 1, as before the first batch.

    ## Why it matters
    At inference batch normalization uses the mean and variance that it gathered while it was trained. A
    mean of exactly 0 and a variance of exactly 1 in all channels are what the layer is built with: it never
    saw a batch in training mode. Then the layer normalizes nothing, and a network trained with the
    statistics of each batch gives other, mostly useless, results. Where the whole model was never trained,
    untrained-model says so.

    In ONNX the learned scale and shift have to be 1 and 0 as well: converters write a plain scale and
    shift as a batch normalization with mean 0 and variance 1.

    ## What to do
    - Keras: train with `model.fit`, or call the model with `training=True` in your own loop; save the
      model after training, not before; load weights with the moving statistics.
    - PyTorch: `model.train()` while training, and no `track_running_stats=False`; check that
      `load_state_dict` reported no missing `running_mean`.
    """

    code = "EL612"
    name = "untrained-batch-norm"
    severity = Severity.WARNING
    operators = ("BatchNormalization",)
    hint = "see whether the layer ran in training mode, and whether its moving statistics were saved"
    options = {"channels": Option(4, "fewest channels to judge")}

    VALID = [
        _normalized("0.1 -0.2", "1").from_format("keras"),
        _normalized("0", "1 0.9").from_format("keras"),
        _normalized("0", "1", size=2).from_format("keras"),
        _normalized("0", "1").from_format("onnx"),
    ]
    INVALID = [
        (
            _normalized("0", "1").from_format("keras"),
            "BatchNormalization has mean 0 and variance 1 in all 16 channels, as before any training",
        ),
        (
            _normalized("0", "1", scale="1").from_format("onnx"),
            "BatchNormalization has mean 0 and variance 1 in all 16 channels, as before any training",
        ),
        (
            _normalized("0", "1", then=1).from_format("keras"),
            "all 2 batch normalizations have mean 0 and variance 1, as before any training",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each batch normalization as it was built; one finding for all where none was trained."""
        if biases_at_zero(context.model, context.weights):
            return
        every = list(batch_statistics(context.model, context.weights))
        least = context.option(self, "channels")
        built = [(batch, count) for batch in every if (count := _untouched(batch, context)) >= least]
        if 1 < len(built) == len(every):
            yield self.finding(
                f"all {len(built):,} batch normalizations have mean 0 and variance 1, as before any training",
                channels=sum(count for _, count in built),
            )
            return
        for batch, count in built:
            yield self.at(
                batch.graph,
                batch.node,
                f"{printable(batch.node.source.op)} has mean 0 and variance 1 in all {show_count(count)} "
                "channels, as before any training",
                channels=count,
            )


def _untouched(batch: BatchStatistics, context: Context) -> int:
    """How many channels it has, where all are as they were built; else 0."""
    weights = context.weights
    mean, variance = weights.statistics(batch.mean), weights.statistics(batch.variance)
    if mean is None or variance is None or not (_is(mean, 0) and _is(variance, 1)):
        return 0
    learned = [weights.statistics(use) if use else None for use in (batch.scale, batch.shift)]
    if context.model.format == "onnx" and not all(map(_is, learned, (1, 0))):
        # Converters write a plain scale and shift as a batch normalization with this mean and variance.
        return 0
    return mean.count


def _is(found: Statistics | None, number: float) -> bool:
    """Whether all of a constant is `number`."""
    return found is not None and found.is_constant and found.minimum == number
