"""What each canonical operator is: its family, whether it is an activation, whether it passes data through.

Sources: the operator lists of ONNX 1.23 (ai.onnx, ai.onnx.ml, ai.onnx.preview.training), ONNX Runtime
1.32 (com.microsoft), the TFLite schema of google-ai-edge/LiteRT@f67457790c9c, Keras 1 to 3.15.
"""

from __future__ import annotations

from enum import Enum

from edgelint.deferred import dataclass


class Family(str, Enum):
    """What kind of work an operator does.

    convolution, matmul, recurrent, attention: the ones that multiply and accumulate.
    pooling: a window or a whole map to one number. activation: a non-linearity, softmax included.
    elementwise: one output element from the input elements at its place.
    normalization: statistics, then a scale and a shift. reduction: dims folded away.
    movement: elements copied, chosen or renamed, never calculated with; at inference that is true of
        Dropout and of random image augmentation too.
    quantization: between integers and the reals they stand for.
    control-flow: other graphs run. state: variables and tables made, read, written.
    sequence: lists, optionals and maps of tensors. random: numbers drawn.
    other: work that depends on the data or has no closed count (sorting, suppression, trees, text).
    """

    CONVOLUTION = "convolution"
    MATMUL = "matmul"
    RECURRENT = "recurrent"
    ATTENTION = "attention"
    POOLING = "pooling"
    ACTIVATION = "activation"
    ELEMENTWISE = "elementwise"
    NORMALIZATION = "normalization"
    REDUCTION = "reduction"
    MOVEMENT = "movement"
    QUANTIZATION = "quantization"
    CONTROL_FLOW = "control-flow"
    STATE = "state"
    SEQUENCE = "sequence"
    RANDOM = "random"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Operator:
    """A canonical operator.

    is_pass_through: walking from an output back to what computes it, this operator is stepped
        over: same numbers in another shape, order, type or encoding.
    """

    family: Family
    is_pass_through: bool = False

    @property
    def is_activation(self) -> bool:
        """Whether it is a non-linearity a layer may end in."""
        return self.family is Family.ACTIVATION


def describe(op: str, domain: str = "") -> Operator | None:
    """What `op` of `domain` is; None for custom operators and others not in the tables."""
    return OPERATORS.get(("" if domain == "ai.onnx" else domain, op))


_FAMILIES: dict[tuple[str, Family], str] = {
    ("", Family.CONVOLUTION): "Conv ConvInteger ConvTranspose DeformConv QLinearConv CausalConvWithState",
    ("", Family.MATMUL): "Einsum Gemm MatMul MatMulInteger QLinearMatMul",
    ("", Family.RECURRENT): "GRU LSTM RNN LinearAttention",
    ("", Family.ATTENTION): "Attention",
    ("", Family.POOLING): """AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool
        MaxRoiPool RoiAlign""",
    ("", Family.ACTIVATION): """Celu Elu Gelu HardSigmoid HardSwish Hardmax LeakyRelu LogSoftmax Mish
        PRelu Relu Relu0To1 Relu6 ReluN1To1 Selu Shrink Sigmoid Softmax Softplus Softsign SwiGLU Swish
        Tanh ThresholdedRelu""",
    ("", Family.ELEMENTWISE): """Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd
        BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Clip Cos Cosh CumProd CumSum Div Equal Erf Exp
        Floor Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow
        Reciprocal RotaryEmbedding Round Sign Sin Sinh Sqrt Sub Sum Tan Where Xor""",
    ("", Family.NORMALIZATION): """BatchNormalization GroupNormalization InstanceNormalization
        LayerNormalization LRN LpNormalization MeanVarianceNormalization RMSNormalization""",
    ("", Family.REDUCTION): """ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
        ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare""",
    ("", Family.MOVEMENT): """BitCast CenterCropPad Concat Constant ConstantOfShape DepthToSpace Dropout
        Expand EyeLike Flatten Gather GatherElements GatherND Identity MaxUnpool OneHot Pad Range Reshape
        ReverseSequence Scatter ScatterElements ScatterND Shape Size Slice SpaceToDepth Split Squeeze
        TensorScatter Tile Transpose Trilu Unsqueeze""",
    ("", Family.QUANTIZATION): "DequantizeLinear DynamicQuantizeLinear QuantizeLinear",
    ("", Family.CONTROL_FLOW): "If Loop Scan SequenceMap",
    ("", Family.SEQUENCE): """ConcatFromSequence Optional OptionalGetElement OptionalHasElement SequenceAt
        SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence""",
    ("", Family.RANDOM): """Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform
        RandomUniformLike""",
    ("", Family.OTHER): """AffineGrid BlackmanWindow Col2Im Compress DFT Det GridSample HammingWindow
        HannWindow ImageDecoder MelWeightMatrix NegativeLogLikelihoodLoss NonMaxSuppression NonZero
        RegexFullMatch Resize STFT SoftmaxCrossEntropyLoss StringConcat StringNormalizer StringSplit
        TfIdfVectorizer TopK Unique Upsample""",
    ("ai.onnx.ml", Family.MATMUL): "LinearClassifier LinearRegressor",
    ("ai.onnx.ml", Family.ELEMENTWISE): "Binarizer Imputer Scaler",
    ("ai.onnx.ml", Family.NORMALIZATION): "Normalizer",
    ("ai.onnx.ml", Family.MOVEMENT): "ArrayFeatureExtractor FeatureVectorizer OneHotEncoder",
    ("ai.onnx.ml", Family.OTHER): """CastMap CategoryMapper DictVectorizer LabelEncoder SVMClassifier
        SVMRegressor TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap""",
    ("ai.onnx.preview.training", Family.OTHER): "Adagrad Adam Gradient Momentum",
    ("ai.onnx.preview", Family.ATTENTION): "FlexAttention",
    ("com.microsoft", Family.CONVOLUTION): """CausalConvWithState ConvTransposeWithDynamicPads FusedConv
        NhwcConv NhwcFusedConv QLinearConv""",
    ("com.microsoft", Family.MATMUL): """DynamicQuantizeMatMul FusedGemm FusedMatMul FusedMatMulActivation
        GemmFastGelu GemmFloat8 MatMulBnb4 MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits MoE
        QGemm QMoE QOrderedMatMul SparseToDenseMatMul TransposeMatMul""",
    ("com.microsoft", Family.RECURRENT): "AttnLSTM DynamicQuantizeLSTM GatedDeltaNet LinearAttention",
    ("com.microsoft", Family.ATTENTION): """Attention DecoderAttention DecoderMaskedMultiHeadAttention
        DecoderMaskedSelfAttention GroupQueryAttention LongformerAttention MultiHeadAttention
        PackedAttention PackedMultiHeadAttention PagedAttention QAttention QOrderedAttention
        QOrderedLongformerAttention SparseAttention""",
    ("com.microsoft", Family.POOLING): """MaxpoolWithMask NhwcMaxPool QLinearAveragePool
        QLinearGlobalAveragePool""",
    ("com.microsoft", Family.ACTIVATION): """BiasGelu BiasSoftmax BiasSplitGelu FastGelu Gelu QLinearLeakyRelu
        QLinearSigmoid QLinearSoftmax QOrderedGelu QuickGelu ScaledSiLU SwiGLU""",
    ("com.microsoft", Family.ELEMENTWISE): """BiasAdd ComplexMul ComplexMulConj GatedAdd GemmaRotaryEmbedding
        MulInteger QLinearAdd QLinearMul QLinearWhere RotaryEmbedding""",
    ("com.microsoft", Family.NORMALIZATION): """EmbedLayerNormalization GatedRMSNorm GroupNorm
        QEmbedLayerNormalization QOrderedLayerNormalization SkipGroupNorm SkipLayerNormalization
        SkipSimplifiedLayerNormalization""",
    ("com.microsoft", Family.REDUCTION): "IsAllFinite QLinearReduceMean ReduceSumInteger",
    ("com.microsoft", Family.MOVEMENT): """BiasDropout BitmaskBiasDropout BitmaskDropout ExpandDims
        GatherBlockQuantized GatherND GatherPacked Pad QLinearConcat Range RemovePadding RestorePadding
        TorchEmbedding Trilu UnfoldTensor""",
    ("com.microsoft", Family.QUANTIZATION): """DequantizeBFP DequantizeLinear DequantizeWithOrder QuantizeBFP
        QuantizeLinear QuantizeWithOrder""",
    ("com.microsoft", Family.CONTROL_FLOW): "BeamSearch GreedySearch Sampling WhisperBeamSearch",
    ("com.microsoft", Family.OTHER): """BifurcationDetector CDist CropAndResize DynamicTimeWarping GridSample
        Inverse Irfft MurmurHash3 NGramRepeatBlock RelativePositionBias GatedRelativePositionBias Rfft
        Tokenizer Unique WordConvEmbedding""",
    ("com.microsoft.nchwc", Family.CONVOLUTION): "Conv",
    ("com.microsoft.nchwc", Family.POOLING): "AveragePool GlobalAveragePool GlobalMaxPool MaxPool",
    ("com.microsoft.nchwc", Family.MOVEMENT): "ReorderInput ReorderOutput",
    ("com.microsoft.nchwc", Family.OTHER): "Upsample",
    ("com.ms.internal.nhwc", Family.CONVOLUTION): "Conv ConvTranspose QLinearConv QLinearConvTranspose",
    ("com.ms.internal.nhwc", Family.POOLING): """AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool
        LpPool MaxPool QLinearAveragePool""",
    ("com.ms.internal.nhwc", Family.NORMALIZATION): "BatchNormalization InstanceNormalization LRN",
    ("com.ms.internal.nhwc", Family.MOVEMENT): "DepthToSpace MaxUnpool SpaceToDepth",
    ("com.ms.internal.nhwc", Family.OTHER): "GridSample Resize",
    ("tflite", Family.CONVOLUTION): "STABLEHLO_CONVOLUTION",
    ("tflite", Family.MATMUL): "STABLEHLO_DOT_GENERAL",
    ("tflite", Family.RECURRENT): "SVDF",
    ("tflite", Family.POOLING): "REDUCE_WINDOW STABLEHLO_REDUCE_WINDOW",
    ("tflite", Family.ELEMENTWISE): """ATAN2 BUCKETIZE COMPLEX_ABS FLOOR_DIV IMAG NOT_EQUAL REAL RSQRT
        SQUARE SQUARED_DIFFERENCE STABLEHLO_AND STABLEHLO_CBRT STABLEHLO_CLAMP STABLEHLO_COMPARE
        STABLEHLO_OR STABLEHLO_REMAINDER STABLEHLO_RSQRT""",
    ("tflite", Family.REDUCTION): """REDUCE_ALL REDUCE_ANY SEGMENT_SUM UNSORTED_SEGMENT_MAX
        UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM""",
    ("tflite", Family.MOVEMENT): """BATCH_TO_SPACE_ND BROADCAST_ARGS CONCAT_EMBEDDINGS DENSIFY DILATE
        DYNAMIC_UPDATE_SLICE FILL MATRIX_DIAG MATRIX_SET_DIAG PACK RANK REVERSE_V2 SCATTER_ND
        SPACE_TO_BATCH_ND SPARSE_TO_DENSE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_DYNAMIC_SLICE
        STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_GATHER STABLEHLO_IOTA STABLEHLO_PAD STABLEHLO_SLICE
        UNPACK ZEROS_LIKE""",
    ("tflite", Family.QUANTIZATION): "FAKE_QUANT",
    ("tflite", Family.CONTROL_FLOW): """CALL CALL_ONCE STABLEHLO_CASE STABLEHLO_COMPOSITE STABLEHLO_WHILE
        WHILE""",
    ("tflite", Family.STATE): """ASSIGN_VARIABLE HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_LOOKUP
        HASHTABLE_SIZE READ_VARIABLE VAR_HANDLE""",
    ("tflite", Family.RANDOM): "STABLEHLO_RNG_BIT_GENERATOR",
    ("tflite", Family.OTHER): """EMBEDDING_LOOKUP_SPARSE LSH_PROJECTION RFFT2D SKIP_GRAM STABLEHLO_REDUCE
        STABLEHLO_SCATTER STABLEHLO_SORT WHERE""",
    ("tflite.custom", Family.CONVOLUTION): "Convolution2DTransposeBias",
    ("tflite.custom", Family.POOLING): "MaxPoolingWithArgmax2D",
    ("tflite.custom", Family.MOVEMENT): "MaxUnpooling2D",
    ("tflite.custom", Family.OTHER): "AudioSpectrogram Mfcc TFLite_Detection_PostProcess",
    ("keras", Family.CONVOLUTION): "LocallyConnected SeparableConv",
    ("keras", Family.MATMUL): "Dot",
    ("keras", Family.RECURRENT): "ConvLSTM1D ConvLSTM2D ConvLSTM3D StackedRNN",
    ("keras", Family.ATTENTION): "AdditiveAttention Attention GroupedQueryAttention MultiHeadAttention",
    ("keras", Family.POOLING): "AdaptiveAveragePool AdaptiveMaxPool",
    ("keras", Family.ACTIVATION): """Glu HardTanh LogSigmoid ParametricSoftplus ReLU SReLU SparsePlus
        SparseSigmoid Sparsemax Squareplus TanhShrink Threshold""",
    ("keras", Family.ELEMENTWISE): """FloorDiv Masking Normalization NotEqual Rescaling Rsqrt Square
        SquaredDifference""",
    ("keras", Family.REDUCTION): "ReduceAll ReduceAny",
    ("keras", Family.MOVEMENT): """AugMix AutoContrast CLAHE CenterCrop CutMix Equalization MixUp
        RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
        RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight
        RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
        RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom Solarization Stack""",
    ("keras", Family.OTHER): """CategoryEncoding Discretization HashedCrossing Hashing IndexLookup
        IntegerLookup MelSpectrogram STFTSpectrogram StringLookup TextVectorization""",
}

_PASS_THROUGH: dict[str, str] = {
    "": """BitCast Cast CastLike DequantizeLinear Dropout Flatten Identity QuantizeLinear Reshape Squeeze
        Transpose Unsqueeze""",
    "com.microsoft": """BitmaskDropout DequantizeLinear DequantizeWithOrder ExpandDims QuantizeLinear
        QuantizeWithOrder""",
    "com.microsoft.nchwc": "ReorderInput ReorderOutput",
    "tflite": "DENSIFY FAKE_QUANT",
    "keras": "Masking",
}

OPERATORS: dict[tuple[str, str], Operator] = {
    (domain, op): Operator(family, op in _PASS_THROUGH.get(domain, "").split())
    for (domain, family), names in _FAMILIES.items()
    for op in names.split()
}
"""Domain and name to what the operator is."""
