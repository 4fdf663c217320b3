"""The TFLite file format as data: the tables around the operators' options.

Source: schema.fbs (3d) of google-ai-edge/LiteRT@f67457790c9c; metadata_schema.fbs (1.1) of
tensorflow/tflite-support@02e5df0f8494; conversion_metadata.fbs of TensorFlow 2.21.
"""

from __future__ import annotations

from edgelint.ir.dtype import DType
from edgelint.loaders.tflite.flatbuffer import Schema
from edgelint.loaders.tflite.options import BUILTIN_OPTIONS, BUILTIN_OPTIONS_2, ENUMS

VERSION = 3
"""`Model.version` of every file with the identifier TFL3."""

DTYPES = {
    "FLOAT32": DType.FLOAT32,
    "FLOAT16": DType.FLOAT16,
    "INT32": DType.INT32,
    "UINT8": DType.UINT8,
    "INT64": DType.INT64,
    "STRING": DType.STRING,
    "BOOL": DType.BOOL,
    "INT16": DType.INT16,
    "COMPLEX64": DType.COMPLEX64,
    "INT8": DType.INT8,
    "FLOAT64": DType.FLOAT64,
    "COMPLEX128": DType.COMPLEX128,
    "UINT64": DType.UINT64,
    "RESOURCE": DType.RESOURCE,
    "VARIANT": DType.VARIANT,
    "UINT32": DType.UINT32,
    "UINT16": DType.UINT16,
    "INT4": DType.INT4,
    "BFLOAT16": DType.BFLOAT16,
    "INT2": DType.INT2,
    "UINT4": DType.UINT4,
    "FLOAT8_E4M3FN": DType.FLOAT8E4M3FN,
    "FLOAT8_E5M2": DType.FLOAT8E5M2,
}
"""enum TensorType by name, in its order."""

_TABLES = {
    "Model": (
        "version:uint operator_codes:[OperatorCode] subgraphs:[SubGraph] description:string "
        "buffers:[Buffer] metadata_buffer:[int] metadata:[Metadata] signature_defs:[SignatureDef] "
        "external_buffer_groups:[ExternalBufferGroup] external_buffers:[ExternalBuffer]"
    ),
    "OperatorCode": ("deprecated_builtin_code:byte custom_code:string version:int=1 builtin_code:int"),
    "SubGraph": (
        "tensors:[Tensor] inputs:[int] outputs:[int] operators:[Operator] name:string "
        "debug_metadata_index:int=-1"
    ),
    "Tensor": (
        "shape:[int] type:TensorType buffer:uint name:string quantization:QuantizationParameters "
        "is_variable:bool sparsity:SparsityParameters shape_signature:[int] has_rank:bool "
        "variant_tensors:[VariantSubType] external_buffer:uint"
    ),
    "VariantSubType": "shape:[int] type:TensorType has_rank:bool",
    "QuantizationParameters": (
        "min:[float] max:[float] scale:[float] zero_point:[long] details:QuantizationDetails "
        "quantized_dimension:int"
    ),
    "CustomQuantization": "custom:[ubyte]",
    "BlockwiseQuantization": "scales:int zero_points:int block_size:int",
    "MultiAxisQuantization": "scales:int zero_points:int block_size:int quantized_dimensions:[int]",
    "SparsityParameters": "traversal_order:[int] block_map:[int] dim_metadata:[DimensionMetadata]",
    "DimensionMetadata": (
        "format:DimensionType dense_size:int array_segments:SparseIndexVector array_indices:SparseIndexVector"
    ),
    "Int32Vector": "values:[int]",
    "Uint16Vector": "values:[ushort]",
    "Uint8Vector": "values:[ubyte]",
    "Operator": (
        "opcode_index:uint inputs:[int] outputs:[int] builtin_options:BuiltinOptions "
        "custom_options:[ubyte] custom_options_format:CustomOptionsFormat "
        "mutating_variable_inputs:[bool] intermediates:[int] large_custom_options_offset:ulong "
        "large_custom_options_size:ulong builtin_options_2:BuiltinOptions2 debug_metadata_index:int=-1"
    ),
    "Buffer": "data:[ubyte] offset:ulong size:ulong",
    "ExternalBufferGroup": "name:string",
    "ExternalBuffer": "id:uint group:uint offset:ulong length:ulong packing:string",
    "Metadata": "name:string buffer:uint",
    "TensorMap": "name:string tensor_index:uint",
    "SignatureDef": (
        "inputs:[TensorMap] outputs:[TensorMap] signature_key:string -deprecated_tag:string "
        "subgraph_index:uint"
    ),
}

TFLITE = Schema(
    tables=_TABLES | BUILTIN_OPTIONS | BUILTIN_OPTIONS_2,
    enums=ENUMS | {"TensorType": ("byte", tuple(DTYPES)), "DimensionType": ("byte", ("DENSE", "SPARSE_CSR"))},
    unions={
        "BuiltinOptions": tuple(BUILTIN_OPTIONS),
        "BuiltinOptions2": tuple(BUILTIN_OPTIONS_2),
        "QuantizationDetails": ("CustomQuantization", "BlockwiseQuantization", "MultiAxisQuantization"),
        "SparseIndexVector": ("Int32Vector", "Uint16Vector", "Uint8Vector"),
    },
)
"""The model file itself; its root is `Model`."""

_CONTENTS = ("FeatureProperties", "ImageProperties", "BoundingBoxProperties", "AudioProperties")

MODEL_METADATA = Schema(
    tables={
        "ModelMetadata": (
            "name:string description:string version:string subgraph_metadata:[SubGraphMetadata] "
            "author:string license:string associated_files:[AssociatedFile] min_parser_version:string"
        ),
        "SubGraphMetadata": (
            "name:string description:string input_tensor_metadata:[TensorMetadata] "
            "output_tensor_metadata:[TensorMetadata] associated_files:[AssociatedFile]"
        ),
        "TensorMetadata": (
            "name:string description:string -dimension_names:uint content:Content "
            "process_units:[ProcessUnit] -stats:uint associated_files:[AssociatedFile]"
        ),
        "Content": "content_properties:ContentProperties -range:uint",
        **dict.fromkeys(_CONTENTS, ""),
        "ProcessUnit": "options:ProcessUnitOptions",
        "NormalizationOptions": "mean:[float] std:[float]",
        "AssociatedFile": "name:string description:string type:byte locale:string",
    },
    enums={},
    unions={"ContentProperties": _CONTENTS, "ProcessUnitOptions": ("NormalizationOptions",)},
)
"""The metadata entry TFLITE_METADATA, the parts that say what a model is; its root is `ModelMetadata`."""

CONVERSION_METADATA = Schema(
    tables={
        "ConversionMetadata": "environment:Environment -options:uint",
        "Environment": "tensorflow_version:string api_version:uint model_type:int model_hash:ulong",
    },
    enums={},
    unions={},
)
"""The metadata entry CONVERSION_METADATA: what wrote the file; its root is `ConversionMetadata`."""
