"""The options of TFLite operators, field by field; notation as in `flatbuffer.Schema`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

BUILTIN_OPTIONS: dict[str, str] = {
    "Conv2DOptions": (
        "padding:Padding stride_w:int stride_h:int fused_activation_function:ActivationFunctionType "
        "dilation_w_factor:int=1 dilation_h_factor:int=1 quantized_bias_type:TensorType"
    ),
    "DepthwiseConv2DOptions": (
        "padding:Padding stride_w:int stride_h:int depth_multiplier:int "
        "fused_activation_function:ActivationFunctionType dilation_w_factor:int=1 "
        "dilation_h_factor:int=1"
    ),
    "ConcatEmbeddingsOptions": (
        "num_channels:int num_columns_per_channel:[int] embedding_dim_per_channel:[int]"
    ),
    "LSHProjectionOptions": "type:LSHProjectionType",
    "Pool2DOptions": (
        "padding:Padding stride_w:int stride_h:int filter_width:int filter_height:int "
        "fused_activation_function:ActivationFunctionType"
    ),
    "SVDFOptions": (
        "rank:int fused_activation_function:ActivationFunctionType asymmetric_quantize_inputs:bool"
    ),
    "RNNOptions": "fused_activation_function:ActivationFunctionType asymmetric_quantize_inputs:bool",
    "FullyConnectedOptions": (
        "fused_activation_function:ActivationFunctionType "
        "weights_format:FullyConnectedOptionsWeightsFormat keep_num_dims:bool "
        "asymmetric_quantize_inputs:bool quantized_bias_type:TensorType"
    ),
    "SoftmaxOptions": "beta:float",
    "ConcatenationOptions": "axis:int fused_activation_function:ActivationFunctionType",
    "AddOptions": "fused_activation_function:ActivationFunctionType pot_scale_int16:bool=1",
    "L2NormOptions": "fused_activation_function:ActivationFunctionType",
    "LocalResponseNormalizationOptions": "radius:int bias:float alpha:float beta:float",
    "LSTMOptions": (
        "fused_activation_function:ActivationFunctionType cell_clip:float proj_clip:float "
        "kernel_type:LSTMKernelType asymmetric_quantize_inputs:bool"
    ),
    "ResizeBilinearOptions": "-new_height:int -new_width:int align_corners:bool half_pixel_centers:bool",
    "CallOptions": "subgraph:uint",
    "ReshapeOptions": "new_shape:[int]",
    "SkipGramOptions": "ngram_size:int max_skip_size:int include_all_ngrams:bool",
    "SpaceToDepthOptions": "block_size:int",
    "EmbeddingLookupSparseOptions": "combiner:CombinerType",
    "MulOptions": "fused_activation_function:ActivationFunctionType",
    "PadOptions": "",
    "GatherOptions": "axis:int batch_dims:int",
    "BatchToSpaceNDOptions": "",
    "SpaceToBatchNDOptions": "",
    "TransposeOptions": "",
    "ReducerOptions": "keep_dims:bool",
    "SubOptions": "fused_activation_function:ActivationFunctionType pot_scale_int16:bool=1",
    "DivOptions": "fused_activation_function:ActivationFunctionType",
    "SqueezeOptions": "squeeze_dims:[int]",
    "SequenceRNNOptions": (
        "time_major:bool fused_activation_function:ActivationFunctionType asymmetric_quantize_inputs:bool"
    ),
    "StridedSliceOptions": (
        "begin_mask:int end_mask:int ellipsis_mask:int new_axis_mask:int shrink_axis_mask:int offset:bool"
    ),
    "ExpOptions": "",
    "TopKV2Options": "",
    "SplitOptions": "num_splits:int",
    "LogSoftmaxOptions": "",
    "CastOptions": "in_data_type:TensorType out_data_type:TensorType",
    "DequantizeOptions": "",
    "MaximumMinimumOptions": "",
    "ArgMaxOptions": "output_type:TensorType",
    "LessOptions": "",
    "NegOptions": "",
    "PadV2Options": "",
    "GreaterOptions": "",
    "GreaterEqualOptions": "",
    "LessEqualOptions": "",
    "SelectOptions": "",
    "SliceOptions": "",
    "TransposeConvOptions": (
        "padding:Padding stride_w:int stride_h:int fused_activation_function:ActivationFunctionType "
        "quantized_bias_type:TensorType"
    ),
    "SparseToDenseOptions": "validate_indices:bool",
    "TileOptions": "",
    "ExpandDimsOptions": "",
    "EqualOptions": "",
    "NotEqualOptions": "",
    "ShapeOptions": "out_type:TensorType",
    "PowOptions": "",
    "ArgMinOptions": "output_type:TensorType",
    "FakeQuantOptions": "min:float max:float num_bits:int narrow_range:bool",
    "PackOptions": "values_count:int axis:int",
    "LogicalOrOptions": "",
    "OneHotOptions": "axis:int",
    "LogicalAndOptions": "",
    "LogicalNotOptions": "",
    "UnpackOptions": "num:int axis:int",
    "FloorDivOptions": "",
    "SquareOptions": "",
    "ZerosLikeOptions": "",
    "FillOptions": "",
    "BidirectionalSequenceLSTMOptions": (
        "fused_activation_function:ActivationFunctionType cell_clip:float proj_clip:float "
        "merge_outputs:bool time_major:bool=1 asymmetric_quantize_inputs:bool"
    ),
    "BidirectionalSequenceRNNOptions": (
        "time_major:bool fused_activation_function:ActivationFunctionType merge_outputs:bool "
        "asymmetric_quantize_inputs:bool"
    ),
    "UnidirectionalSequenceLSTMOptions": (
        "fused_activation_function:ActivationFunctionType cell_clip:float proj_clip:float "
        "time_major:bool asymmetric_quantize_inputs:bool diagonal_recurrent_tensors:bool"
    ),
    "FloorModOptions": "",
    "RangeOptions": "",
    "ResizeNearestNeighborOptions": "align_corners:bool half_pixel_centers:bool",
    "LeakyReluOptions": "alpha:float",
    "SquaredDifferenceOptions": "",
    "MirrorPadOptions": "mode:MirrorPadMode",
    "AbsOptions": "",
    "SplitVOptions": "num_splits:int",
    "UniqueOptions": "idx_out_type:TensorType=2",
    "ReverseV2Options": "",
    "AddNOptions": "",
    "GatherNdOptions": "",
    "CosOptions": "",
    "WhereOptions": "",
    "RankOptions": "",
    "ReverseSequenceOptions": "seq_dim:int batch_dim:int",
    "MatrixDiagOptions": "",
    "QuantizeOptions": "",
    "MatrixSetDiagOptions": "",
    "HardSwishOptions": "",
    "IfOptions": "then_subgraph_index:int else_subgraph_index:int",
    "WhileOptions": "cond_subgraph_index:int body_subgraph_index:int",
    "DepthToSpaceOptions": "block_size:int",
    "NonMaxSuppressionV4Options": "",
    "NonMaxSuppressionV5Options": "",
    "ScatterNdOptions": "",
    "SelectV2Options": "",
    "DensifyOptions": "",
    "SegmentSumOptions": "",
    "BatchMatMulOptions": "adj_x:bool adj_y:bool asymmetric_quantize_inputs:bool",
    "CumsumOptions": "exclusive:bool reverse:bool",
    "CallOnceOptions": "init_subgraph_index:int",
    "BroadcastToOptions": "",
    "Rfft2dOptions": "",
    "Conv3DOptions": (
        "padding:Padding stride_d:int stride_w:int stride_h:int "
        "fused_activation_function:ActivationFunctionType dilation_d_factor:int=1 "
        "dilation_w_factor:int=1 dilation_h_factor:int=1"
    ),
    "HashtableOptions": "table_id:int key_dtype:TensorType value_dtype:TensorType",
    "HashtableFindOptions": "",
    "HashtableImportOptions": "",
    "HashtableSizeOptions": "",
    "VarHandleOptions": "container:string shared_name:string",
    "ReadVariableOptions": "",
    "AssignVariableOptions": "",
    "RandomOptions": "seed:long seed2:long",
    "BucketizeOptions": "boundaries:[float]",
    "GeluOptions": "approximate:bool",
    "DynamicUpdateSliceOptions": "",
    "UnsortedSegmentProdOptions": "",
    "UnsortedSegmentMaxOptions": "",
    "UnsortedSegmentMinOptions": "",
    "UnsortedSegmentSumOptions": "",
    "ATan2Options": "",
    "SignOptions": "",
    "BitcastOptions": "",
    "BitwiseXorOptions": "",
    "RightShiftOptions": "",
}
"""Table name to fields, the members of union BuiltinOptions in order (the first is type 1)."""

BUILTIN_OPTIONS_2: dict[str, str] = {
    "StablehloConcatenateOptions": "dimension:long",
    "StablehloBroadcastInDimOptions": "broadcast_dimensions:[long]",
    "StablehloSliceOptions": "start_indices:[long] limit_indices:[long] strides:[long]",
    "StablehloConvolutionOptions": (
        "window_strides:[long] padding:[long] lhs_dilation:[long] rhs_dilation:[long] "
        "window_reversal:[bool] input_batch_dimension:long input_feature_dimension:long "
        "input_spatial_dimensions:[long] kernel_input_feature_dimension:long "
        "kernel_output_feature_dimension:long kernel_spatial_dimensions:[long] "
        "output_batch_dimension:long output_feature_dimension:long output_spatial_dimensions:[long] "
        "feature_group_count:long batch_group_count:long precision_config:[StablehloPrecisionConfig]"
    ),
    "StablehloCustomCallOptions": (
        "call_target_name:string has_side_effect:bool backend_config:string api_version:int "
        "called_computations:[int] custom_attributes:[ubyte]"
    ),
    "StablehloReduceOptions": "dimensions:[long] body_subgraph_index:int",
    "StablehloScatterOptions": (
        "indices_are_sorted:bool update_window_dims:[long] inserted_window_dims:[long] "
        "scatter_dims_to_operand_dims:[long] index_vector_dim:long unique_indices:bool "
        "update_computation_subgraph_index:int"
    ),
    "StablehloCompareOptions": (
        "comparison_direction:StablehloComparisonDirection compare_type:StablehloComparisonType"
    ),
    "StablehloDynamicSliceOptions": "slice_sizes:[long]",
    "StablehloPadOptions": "edge_padding_low:[long] edge_padding_high:[long] interior_padding:[long]",
    "StablehloIotaOptions": "iota_dimension:long",
    "StablehloDotGeneralOptions": (
        "lhs_batching_dimensions:[long] rhs_batching_dimensions:[long] "
        "lhs_contracting_dimensions:[long] rhs_contracting_dimensions:[long] "
        "precision_config:[StablehloPrecisionConfig]"
    ),
    "StablehloReduceWindowOptions": (
        "window_dimensions:[long] window_strides:[long] base_dilations:[long] window_dilations:[long] "
        "padding:[long] body_subgraph_index:int"
    ),
    "StablehloSortOptions": "dimension:long is_stable:bool comparator_subgraph_index:int",
    "StablehloWhileOptions": "cond_subgraph_index:int body_subgraph_index:int",
    "StablehloGatherOptions": (
        "offset_dims:[long] collapsed_slice_dims:[long] start_index_map:[long] index_vector_dim:long "
        "slice_sizes:[long] indices_are_sorted:bool"
    ),
    "StablehloTransposeOptions": "permutation:[long]",
    "DilateOptions": "",
    "StablehloRngBitGeneratorOptions": "algorithm:RngAlgorithm",
    "ReduceWindowOptions": "reduce_function:ReduceWindowFunction",
    "StableHLOCompositeOptions": (
        "name:string decomposition_subgraph_index:int composite_attributes:[ubyte] "
        "composite_attributes_format:CustomOptionsFormat version:int"
    ),
    "StablehloShiftLeftOptions": "",
    "StablehloCaseOptions": "branch_subgraph_indices:[int]",
}
"""Table name to fields, the members of union BuiltinOptions2 in order (the first is type 1)."""

ENUMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "StablehloPrecisionConfig": ("uint", ("DEFAULT", "HIGH", "HIGHEST")),
    "StablehloComparisonDirection": (
        "uint",
        (
            "STABLEHLO_COMPARISON_DIRECTION_EQ",
            "STABLEHLO_COMPARISON_DIRECTION_NE",
            "STABLEHLO_COMPARISON_DIRECTION_GE",
            "STABLEHLO_COMPARISON_DIRECTION_GT",
            "STABLEHLO_COMPARISON_DIRECTION_LE",
            "STABLEHLO_COMPARISON_DIRECTION_LT",
        ),
    ),
    "StablehloComparisonType": (
        "uint",
        (
            "STABLEHLO_COMPARISON_TYPE_NOTYPE",
            "STABLEHLO_COMPARISON_TYPE_FLOAT",
            "STABLEHLO_COMPARISON_TYPE_FLOAT_TOTAL_ORDER",
            "STABLEHLO_COMPARISON_TYPE_SIGNED",
            "STABLEHLO_COMPARISON_TYPE_UNSIGNED",
        ),
    ),
    "RngAlgorithm": ("byte", ("DEFAULT", "PHILOX", "THREEFRY")),
    "Padding": ("byte", ("SAME", "VALID")),
    "ActivationFunctionType": ("byte", ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")),
    "LSHProjectionType": ("byte", ("UNKNOWN", "SPARSE", "DENSE")),
    "FullyConnectedOptionsWeightsFormat": ("byte", ("DEFAULT", "SHUFFLED4x16INT8")),
    "LSTMKernelType": ("byte", ("FULL", "BASIC")),
    "CombinerType": ("byte", ("SUM", "MEAN", "SQRTN")),
    "MirrorPadMode": ("byte", ("REFLECT", "SYMMETRIC")),
    "ReduceWindowFunction": ("int", ("UNSUPPORTED", "ADD", "MUL", "MINIMUM", "MAXIMUM", "ALL", "ANY")),
    "CustomOptionsFormat": ("byte", ("FLEXBUFFERS",)),
}
"""Enum name to the type it is stored as and its values' names, from 0 on."""

_TENSOR_TYPES = {0: "FLOAT32", 2: "INT32"}
"""Those of TensorType that are the default of a field."""


@cache
def defaults(table: str) -> Mapping[str, Any]:
    """The fields of an options table as they are read where a file leaves them out; {} for no such table."""
    found: dict[str, Any] = {}
    for word in (BUILTIN_OPTIONS | BUILTIN_OPTIONS_2).get(table, "").split():
        name, _, kind = word.partition(":")
        kind, _, stated = kind.partition("=")
        if not name.startswith("-"):
            found[name] = _default(kind, int(stated or 0))
    return found


def _default(kind: str, stated: int) -> Any:
    if kind in ENUMS:
        return ENUMS[kind][1][stated]
    if kind == "TensorType":
        return _TENSOR_TYPES[stated]
    if kind in ("string", "[ubyte]"):
        return None
    if kind.startswith("["):
        return ()
    return bool(stated) if kind == "bool" else float(stated) if kind == "float" else stated
