"""EL420."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.hidden.activations import called
from edgelint.analysis.hidden.linear_layers import stacks
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class LinearStack(Rule):
    """Two linear layers with no activation between them, which work as one.

    ## Why it matters
    A matrix times a matrix is a matrix: what two dense layers (or two 1×1 convolutions) compute
    without a non-linearity between them, one layer computes too. The model pays parameters and time
    for a depth it does not have; mostly an `activation=` was forgotten. ReLU is the usual choice for
    hidden layers: cheap, no exponential, no saturation above 0.

    The rule is silent where it is done on purpose: where the middle is narrower than both ends (a
    low-rank factorisation, an autoencoder's code, the linear bottleneck of MobileNetV2), where
    something else reads the middle, after depthwise convolutions, across batch normalisation, and
    where the quantization between the layers has no negative numbers, which makes it a ReLU.

    ## What to do
    Give the first layer an activation, `Dense(64, activation="relu")`, and train again; or drop it.
    Where the pair was trained so on purpose, multiply the two kernels into one before you convert:
    `kernel = first @ second`, `bias = first_bias @ second + second_bias`.
    """

    code = "EL420"
    name = "linear-stack"
    severity = Severity.WARNING

    VALID = [
        chain("float32[1,32]")
        .op("Gemm", "float32[1,64]", source="Dense", activation="Relu", weight="float32[32,64]")
        .op("Gemm", "float32[1,10]", source="Dense", weight="float32[64,10]"),
        chain("float32[1,64]")
        .op("Gemm", "float32[1,8]", source="Dense", weight="float32[64,8]")
        .op("Gemm", "float32[1,64]", source="Dense", weight="float32[8,64]"),
        chain("float32[1,32]")
        .op("Gemm", "float32[1,64]", source="Dense", weight="float32[32,64]")
        .op("BatchNormalization", "float32[1,64]", scale="float32[64]", bias="float32[64]")
        .op("Gemm", "float32[1,10]", source="Dense", weight="float32[64,10]"),
        chain("int8[1,32] @0.1:0")
        .op("Gemm", "int8[1,64] @0.1:-128", weight="int8[64,32] @0.1:0", attributes={"transB": 1})
        .op("Gemm", "int8[1,10] @0.1:0", weight="int8[10,64] @0.1:0", attributes={"transB": 1}),
    ]
    INVALID = [
        (
            chain("float32[1,32]")
            .op("Gemm", "float32[1,64]", source="Dense", weight="float32[32,64]", name="hidden")
            .op("Dropout", "float32[1,64]")
            .op("Gemm", "float32[1,10]", source="Dense", weight="float32[64,10]", name="scores"),
            "Dense 'hidden' (32 to 64) has no activation before Dense 'scores' (64 to 10): "
            "the two work as one layer of 32 to 10",
        ),
        (
            chain("float32[1,16,8,8]")
            .op(
                "Conv",
                "float32[1,32,8,8]",
                weight="float32[32,16,1,1]",
                attributes={"kernel_shape": [1, 1], "layout": "NCHW"},
                name="expand",
            )
            .op(
                "Conv",
                "float32[1,8,8,8]",
                weight="float32[8,32,1,1]",
                attributes={"kernel_shape": [1, 1], "layout": "NCHW"},
                name="project",
            ),
            "Conv 'expand' (16 to 32) has no activation before Conv 'project' (32 to 8): "
            "the two work as one layer of 16 to 8",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each first layer of a pair that is no factorisation."""
        for stack in stacks(context.paths):
            if stack.is_bottleneck:
                continue
            first, second = stack.first, stack.second
            yield self.at(
                stack.graph,
                first.node,
                f"{called(first.node)} ({first.fan_in} to {first.fan_out}) has no activation before "
                f"{called(second.node)} ({second.fan_in} to {second.fan_out}): "
                f"the two work as one layer of {first.fan_in} to {second.fan_out}",
                hint="give the first layer an activation such as relu, or merge the two",
                next=second.node.name,
                parameters=first.fan_in * first.fan_out + second.fan_in * second.fan_out,
                merged_parameters=first.fan_in * second.fan_out,
            )
