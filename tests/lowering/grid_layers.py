"""Single layers, and what usually follows them."""

from __future__ import annotations

from tests.lowering.grid_entry import IMAGE, SEQUENCE, VECTOR, enter

ACTIVATIONS = (
    *("relu", "relu6", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "silu", "hard_sigmoid"),
    *("hard_silu", "softplus", "softsign", "exponential", "leaky_relu", "log_softmax", "mish"),
)
for _name in ACTIVATIONS:
    enter(f"dense_{_name}", VECTOR, lambda L, x, a=_name: L.Dense(5, activation=a)(x))
    enter(f"conv_{_name}", IMAGE, lambda L, x, a=_name: L.Conv2D(5, 3, activation=a)(x))
    enter(f"activation_{_name}", IMAGE, lambda L, x, a=_name: L.Activation(a)(x))

enter("dense_no_bias", VECTOR, lambda L, x: L.Dense(5, use_bias=False)(x))
enter("dense_on_sequence", SEQUENCE, lambda L, x: L.Dense(5, activation="relu")(x))
enter("dense_on_image", IMAGE, lambda L, x: L.Dense(5)(x))
enter("dense_batch_norm", VECTOR, lambda L, x: L.BatchNormalization()(L.Dense(5)(x)))
enter(
    "dense_no_bias_batch_norm_relu",
    VECTOR,
    lambda L, x: L.ReLU()(L.BatchNormalization()(L.Dense(5, use_bias=False)(x))),
)
enter("dense_relu_batch_norm", VECTOR, lambda L, x: L.BatchNormalization()(L.Dense(5, activation="relu")(x)))
enter(
    "dense_relu_batch_norm_dense",
    VECTOR,
    lambda L, x: L.Dense(3)(L.BatchNormalization()(L.Dense(5, activation="relu")(x))),
)
enter("batch_norm_alone", IMAGE, lambda L, x: L.BatchNormalization()(x))
enter("batch_norm_vector", VECTOR, lambda L, x: L.BatchNormalization()(x))
enter("batch_norm_no_scale", IMAGE, lambda L, x: L.BatchNormalization(scale=False)(x))
enter("batch_norm_no_center", IMAGE, lambda L, x: L.BatchNormalization(center=False)(x))
enter("batch_norm_relu", IMAGE, lambda L, x: L.ReLU()(L.BatchNormalization()(x)))
enter("batch_norm_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.BatchNormalization()(x)))
enter("batch_norm_sequence", SEQUENCE, lambda L, x: L.BatchNormalization()(x))
for _pad in ("valid", "same"):
    for _stride in (1, 2):
        enter(
            f"conv_{_pad}_{_stride}",
            IMAGE,
            lambda L, x, p=_pad, s=_stride: L.Conv2D(5, 3, strides=s, padding=p)(x),
        )
        enter(
            f"depthwise_{_pad}_{_stride}",
            IMAGE,
            lambda L, x, p=_pad, s=_stride: L.DepthwiseConv2D(3, strides=s, padding=p)(x),
        )
        enter(
            f"separable_{_pad}_{_stride}",
            IMAGE,
            lambda L, x, p=_pad, s=_stride: L.SeparableConv2D(5, 3, strides=s, padding=p)(x),
        )
        enter(
            f"conv1d_{_pad}_{_stride}",
            SEQUENCE,
            lambda L, x, p=_pad, s=_stride: L.Conv1D(5, 3, strides=s, padding=p, activation="relu")(x),
        )
        enter(
            f"separable1d_{_pad}_{_stride}",
            SEQUENCE,
            lambda L, x, p=_pad, s=_stride: L.SeparableConv1D(5, 3, strides=s, padding=p)(x),
        )
        enter(
            f"depthwise1d_{_pad}_{_stride}",
            SEQUENCE,
            lambda L, x, p=_pad, s=_stride: L.DepthwiseConv1D(3, strides=s, padding=p)(x),
        )
        enter(
            f"transpose_{_pad}_{_stride}",
            IMAGE,
            lambda L, x, p=_pad, s=_stride: L.Conv2DTranspose(5, 3, strides=s, padding=p)(x),
        )
        enter(
            f"transpose1d_{_pad}_{_stride}",
            SEQUENCE,
            lambda L, x, p=_pad, s=_stride: L.Conv1DTranspose(5, 3, strides=s, padding=p)(x),
        )
        enter(
            f"max_pool_{_pad}_{_stride}",
            IMAGE,
            lambda L, x, p=_pad, s=_stride: L.MaxPooling2D(3, strides=s, padding=p)(x),
        )
        enter(
            f"average_pool_{_pad}_{_stride}",
            IMAGE,
            lambda L, x, p=_pad, s=_stride: L.AveragePooling2D(3, strides=s, padding=p)(x),
        )
        enter(
            f"max_pool1d_{_pad}_{_stride}",
            SEQUENCE,
            lambda L, x, p=_pad, s=_stride: L.MaxPooling1D(3, strides=s, padding=p)(x),
        )
        enter(
            f"average_pool1d_{_pad}_{_stride}",
            SEQUENCE,
            lambda L, x, p=_pad, s=_stride: L.AveragePooling1D(3, strides=s, padding=p)(x),
        )
enter("conv_no_bias", IMAGE, lambda L, x: L.Conv2D(5, 3, use_bias=False)(x))
enter("conv_dilated", IMAGE, lambda L, x: L.Conv2D(5, 3, dilation_rate=2)(x))
enter("conv_dilated_same", IMAGE, lambda L, x: L.Conv2D(5, 3, dilation_rate=2, padding="same")(x))
enter("depthwise_dilated", IMAGE, lambda L, x: L.DepthwiseConv2D(3, dilation_rate=2, padding="same")(x))
enter("conv1d_dilated", SEQUENCE, lambda L, x: L.Conv1D(5, 3, dilation_rate=2)(x))
enter("conv1d_dilated_same", SEQUENCE, lambda L, x: L.Conv1D(5, 3, dilation_rate=2, padding="same")(x))
enter("conv1d_causal", SEQUENCE, lambda L, x: L.Conv1D(5, 3, padding="causal")(x))
enter(
    "conv1d_causal_dilated",
    SEQUENCE,
    lambda L, x: L.Conv1D(5, 3, padding="causal", dilation_rate=2, activation="relu")(x),
)
enter("conv1d_no_bias", SEQUENCE, lambda L, x: L.Conv1D(5, 3, use_bias=False)(x))
enter("conv1d_batch_norm", SEQUENCE, lambda L, x: L.BatchNormalization()(L.Conv1D(5, 3)(x)))
enter(
    "conv1d_batch_norm_relu",
    SEQUENCE,
    lambda L, x: L.ReLU()(L.BatchNormalization()(L.Conv1D(5, 3, use_bias=False)(x))),
)
enter("conv1d_twice", SEQUENCE, lambda L, x: L.Conv1D(4, 3)(L.Conv1D(5, 3, activation="relu")(x)))
enter(
    "conv1d_pool_flatten_dense",
    SEQUENCE,
    lambda L, x: L.Dense(3, activation="softmax")(
        L.Flatten()(L.MaxPooling1D(2)(L.Conv1D(5, 3, activation="relu")(x)))
    ),
)
enter(
    "conv1d_global",
    SEQUENCE,
    lambda L, x: L.Dense(3)(L.GlobalAveragePooling1D()(L.Conv1D(5, 3, activation="relu")(x))),
)
enter(
    "conv1d_global_max",
    SEQUENCE,
    lambda L, x: L.Dense(3)(L.GlobalMaxPooling1D()(L.Conv1D(5, 3, activation="relu")(x))),
)
enter("conv_grouped", IMAGE, lambda L, x: L.Conv2D(8, 3, groups=2)(x))
enter("conv_1x1", IMAGE, lambda L, x: L.Conv2D(8, 1)(x))
enter(
    "conv_tanh_batch_norm", IMAGE, lambda L, x: L.BatchNormalization()(L.Conv2D(5, 3, activation="tanh")(x))
)
enter("conv_batch_norm", IMAGE, lambda L, x: L.BatchNormalization()(L.Conv2D(5, 3)(x)))
enter(
    "conv_batch_norm_relu6",
    IMAGE,
    lambda L, x: L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(5, 3, use_bias=False)(x))),
)
enter(
    "depthwise_batch_norm_relu", IMAGE, lambda L, x: L.ReLU()(L.BatchNormalization()(L.DepthwiseConv2D(3)(x)))
)
enter("depthwise_multiplier", IMAGE, lambda L, x: L.DepthwiseConv2D(3, depth_multiplier=2)(x))
enter("depthwise_no_bias", IMAGE, lambda L, x: L.DepthwiseConv2D(3, use_bias=False)(x))
enter("depthwise_one_channel", (12, 12, 1), lambda L, x: L.DepthwiseConv2D(3, depth_multiplier=4)(x))
enter(
    "separable_batch_norm_relu",
    IMAGE,
    lambda L, x: L.ReLU()(L.BatchNormalization()(L.SeparableConv2D(5, 3)(x))),
)
enter("separable_no_bias", IMAGE, lambda L, x: L.SeparableConv2D(5, 3, use_bias=False, activation="relu")(x))
enter("transpose_relu", IMAGE, lambda L, x: L.Conv2DTranspose(5, 3, strides=2, activation="relu")(x))
enter("transpose_no_bias", IMAGE, lambda L, x: L.Conv2DTranspose(5, 3, use_bias=False)(x))
enter("transpose_batch_norm", IMAGE, lambda L, x: L.BatchNormalization()(L.Conv2DTranspose(5, 3)(x)))
enter("conv3d", (6, 6, 6, 2), lambda L, x: L.Conv3D(3, 3, activation="relu")(x))
enter("max_pool3d", (6, 6, 6, 2), lambda L, x: L.MaxPooling3D(2)(x))
enter("pad_conv_valid_1", IMAGE, lambda L, x: L.Conv2D(5, 3)(L.ZeroPadding2D(1)(x)))
enter("pad_conv_valid_2", IMAGE, lambda L, x: L.Conv2D(5, 3, strides=2)(L.ZeroPadding2D(1)(x)))
enter(
    "pad_conv_valid_2_same",
    IMAGE,
    lambda L, x: L.Conv2D(5, 3, strides=2)(L.ZeroPadding2D(((0, 1), (0, 1)))(x)),
)
enter(
    "pad_depthwise_valid_2",
    IMAGE,
    lambda L, x: L.DepthwiseConv2D(3, strides=2)(L.ZeroPadding2D(((0, 1), (0, 1)))(x)),
)
enter("pad_depthwise_valid_1", IMAGE, lambda L, x: L.DepthwiseConv2D(3)(L.ZeroPadding2D(1)(x)))
enter("pad_conv7_valid_2", IMAGE, lambda L, x: L.Conv2D(5, 7, strides=2)(L.ZeroPadding2D(3)(x)))
enter("pad_max_pool", IMAGE, lambda L, x: L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x)))
enter("pad_alone", IMAGE, lambda L, x: L.ZeroPadding2D(((1, 2), (0, 3)))(x))
enter("pad1d", SEQUENCE, lambda L, x: L.ZeroPadding1D(2)(x))
enter("crop", IMAGE, lambda L, x: L.Cropping2D(((1, 2), (3, 0)))(x))
enter("crop1d", SEQUENCE, lambda L, x: L.Cropping1D((1, 2))(x))
enter("upsample_nearest", IMAGE, lambda L, x: L.UpSampling2D(2)(x))
enter("upsample_bilinear", IMAGE, lambda L, x: L.UpSampling2D(2, interpolation="bilinear")(x))
enter("upsample_2_3", IMAGE, lambda L, x: L.UpSampling2D((2, 3))(x))
enter("upsample1d", SEQUENCE, lambda L, x: L.UpSampling1D(2)(x))
enter("resizing", IMAGE, lambda L, x: L.Resizing(8, 8)(x))
enter("resizing_nearest", IMAGE, lambda L, x: L.Resizing(8, 8, interpolation="nearest")(x))
enter("rescaling", IMAGE, lambda L, x: L.Rescaling(1 / 255)(x))
enter("rescaling_offset", IMAGE, lambda L, x: L.Rescaling(1 / 127.5, offset=-1)(x))
enter("rescaling_conv", IMAGE, lambda L, x: L.Conv2D(3, 3, activation="relu")(L.Rescaling(1 / 255)(x)))
enter("normalization", VECTOR, lambda L, x: L.Normalization(mean=[1.0] * 8, variance=[2.0] * 8)(x))
enter("flatten", IMAGE, lambda L, x: L.Flatten()(x))
enter("flatten_dense", IMAGE, lambda L, x: L.Dense(3)(L.Flatten()(x)))
enter("flatten_vector", VECTOR, lambda L, x: L.Dense(3)(L.Flatten()(x)))
enter("reshape", VECTOR, lambda L, x: L.Reshape((2, 4))(x))
enter("reshape_twice", VECTOR, lambda L, x: L.Reshape((4, 2))(L.Reshape((2, 4))(x)))
enter("permute", IMAGE, lambda L, x: L.Permute((3, 1, 2))(x))
enter("permute_unit", (12, 1, 4), lambda L, x: L.Permute((2, 1, 3))(x))
enter("repeat_vector", VECTOR, lambda L, x: L.RepeatVector(3)(x))
for _kind in ("Average", "Max"):
    for _keep in (False, True):
        for _rank, _shape in (("1D", SEQUENCE), ("2D", IMAGE)):
            enter(
                f"global_{_kind.lower()}_{_rank.lower()}_{int(_keep)}",
                _shape,
                lambda L, x, k=_kind, r=_rank, p=_keep: getattr(L, f"Global{k}Pooling{r}")(keepdims=p)(x),
            )
enter("dropout_dense", VECTOR, lambda L, x: L.Dense(3)(L.Dropout(0.5)(x)))
enter("gaussian_noise", VECTOR, lambda L, x: L.Dense(3)(L.GaussianNoise(0.5)(x)))
enter("leaky_relu", IMAGE, lambda L, x: L.LeakyReLU()(x))
enter("conv_leaky_relu", IMAGE, lambda L, x: L.LeakyReLU(negative_slope=0.1)(L.Conv2D(4, 3)(x)))
enter("prelu", IMAGE, lambda L, x: L.PReLU()(x))
enter("prelu_shared", IMAGE, lambda L, x: L.PReLU(shared_axes=[1, 2])(x))
enter("conv_prelu_shared", IMAGE, lambda L, x: L.PReLU(shared_axes=[1, 2])(L.Conv2D(4, 3)(x)))
enter("elu_alpha", IMAGE, lambda L, x: L.ELU(0.5)(x))
enter("relu_max", IMAGE, lambda L, x: L.ReLU(1.0)(x))
enter("relu_slope", IMAGE, lambda L, x: L.ReLU(negative_slope=0.2)(x))
enter("relu_threshold", IMAGE, lambda L, x: L.ReLU(threshold=0.5)(x))
enter("relu_six_dense", VECTOR, lambda L, x: L.ReLU(6.0)(L.Dense(5)(x)))
enter("softmax_image", IMAGE, lambda L, x: L.Softmax()(x))
enter("softmax_axis", SEQUENCE, lambda L, x: L.Softmax(axis=1)(x))
for _merge in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
    enter(f"merge_{_merge.lower()}", [IMAGE, IMAGE], lambda L, x, m=_merge: getattr(L, m)()(x))
    if _merge != "Subtract":
        enter(f"merge3_{_merge.lower()}", [IMAGE] * 3, lambda L, x, m=_merge: getattr(L, m)()(x))
    enter(f"merge_{_merge.lower()}_relu", [IMAGE, IMAGE], lambda L, x, m=_merge: L.ReLU()(getattr(L, m)()(x)))
enter("merge_broadcast", [IMAGE, (1, 1, 4)], lambda L, x: L.Multiply()(x))
enter("concatenate_axis", [SEQUENCE, SEQUENCE], lambda L, x: L.Concatenate(axis=1)(x))
enter("dot", [SEQUENCE, SEQUENCE], lambda L, x: L.Dot(axes=2)(x))
enter("dot_vectors", [VECTOR, VECTOR], lambda L, x: L.Dot(axes=1)(x))
enter("dot_cosine", [VECTOR, VECTOR], lambda L, x: L.Dot(axes=1, normalize=True)(x))
enter(
    "residual",
    IMAGE,
    lambda L, x: L.ReLU()(L.Add()([L.BatchNormalization()(L.Conv2D(4, 3, padding="same")(x)), x])),
)
enter(
    "squeeze_excite",
    IMAGE,
    lambda L, x: L.Multiply()(
        [
            x,
            L.Reshape((1, 1, 4))(
                L.Dense(4, activation="sigmoid")(L.Dense(2, activation="relu")(L.GlobalAveragePooling2D()(x)))
            ),
        ]
    ),
)
enter("embedding", (10,), lambda L, x: L.Embedding(20, 4)(x))
enter("embedding_pool", (10,), lambda L, x: L.Dense(2)(L.GlobalAveragePooling1D()(L.Embedding(20, 4)(x))))
enter("embedding_flatten", (10,), lambda L, x: L.Dense(2)(L.Flatten()(L.Embedding(20, 4)(x))))
enter("layer_norm", SEQUENCE, lambda L, x: L.LayerNormalization()(x))
enter("layer_norm_vector", VECTOR, lambda L, x: L.LayerNormalization()(x))
enter("layer_norm_epsilon", SEQUENCE, lambda L, x: L.LayerNormalization(epsilon=1e-6)(x))
enter("group_norm", IMAGE, lambda L, x: L.GroupNormalization(2)(x))
enter("unit_norm", VECTOR, lambda L, x: L.UnitNormalization()(x))
enter("rms_norm", SEQUENCE, lambda L, x: L.RMSNormalization()(x))
enter("attention", [SEQUENCE, SEQUENCE], lambda L, x: L.Attention()(x))
enter("multi_head", SEQUENCE, lambda L, x: L.MultiHeadAttention(2, 3)(x, x))
enter("multi_head_wide", (10, 16), lambda L, x: L.MultiHeadAttention(4, 8)(x, x))
enter("multi_head_no_bias", SEQUENCE, lambda L, x: L.MultiHeadAttention(2, 3, use_bias=False)(x, x))
enter(
    "transformer",
    (10, 16),
    lambda L, x: (
        lambda a: L.LayerNormalization()(L.Add()([a, L.Dense(16)(L.Dense(32, activation="relu")(a))]))
    )(L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 8)(x, x)]))),
)
for _cell in ("LSTM", "GRU", "SimpleRNN"):
    enter(f"rnn_{_cell.lower()}", SEQUENCE, lambda L, x, c=_cell: getattr(L, c)(4)(x))
    enter(
        f"rnn_{_cell.lower()}_sequences",
        SEQUENCE,
        lambda L, x, c=_cell: getattr(L, c)(4, return_sequences=True)(x),
    )
    enter(f"rnn_{_cell.lower()}_unrolled", SEQUENCE, lambda L, x, c=_cell: getattr(L, c)(4, unroll=True)(x))
    enter(f"rnn_{_cell.lower()}_dense", SEQUENCE, lambda L, x, c=_cell: L.Dense(3)(getattr(L, c)(4)(x)))
    enter(
        f"rnn_{_cell.lower()}_bidirectional",
        SEQUENCE,
        lambda L, x, c=_cell: L.Bidirectional(getattr(L, c)(4))(x),
    )
enter("rnn_lstm_stacked", SEQUENCE, lambda L, x: L.LSTM(3)(L.LSTM(4, return_sequences=True)(x)))
enter("rnn_lstm_unrolled_sequences", SEQUENCE, lambda L, x: L.LSTM(4, unroll=True, return_sequences=True)(x))
enter("rnn_lstm_backwards", SEQUENCE, lambda L, x: L.LSTM(4, go_backwards=True)(x))
enter("time_distributed_dense", SEQUENCE, lambda L, x: L.TimeDistributed(L.Dense(3))(x))
enter("time_distributed_conv", (5, 8, 8, 2), lambda L, x: L.TimeDistributed(L.Conv2D(3, 3))(x))
enter(
    "einsum_dense",
    SEQUENCE,
    lambda L, x: L.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")(x),
)
enter("shared_output", IMAGE, lambda L, x: (lambda y: [L.ReLU()(y), L.Flatten()(y)])(L.Conv2D(3, 3)(x)))
enter("conv_used_twice", IMAGE, lambda L, x: (lambda y: L.Add()([L.ReLU()(y), y]))(L.Conv2D(3, 3)(x)))
enter(
    "inception",
    IMAGE,
    lambda L, x: L.Concatenate()(
        [
            L.Conv2D(4, 1, activation="relu")(x),
            L.Conv2D(4, 3, padding="same", activation="relu")(L.Conv2D(2, 1, activation="relu")(x)),
            L.Conv2D(3, 1, activation="relu")(L.MaxPooling2D(3, strides=1, padding="same")(x)),
        ]
    ),
)
