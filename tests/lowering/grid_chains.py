"""Several layers in a row, branches, variants of recurrent layers and attention, plain functions."""

from __future__ import annotations

from typing import Any

from tests.lowering.grid_entry import IMAGE, SEQUENCE, VECTOR, enter

enter("rnn_lstm_no_bias", SEQUENCE, lambda L, x: L.LSTM(4, use_bias=False)(x))
enter("rnn_gru_no_bias", SEQUENCE, lambda L, x: L.GRU(4, use_bias=False)(x))
enter("rnn_lstm_relu", SEQUENCE, lambda L, x: L.LSTM(4, activation="relu")(x))
enter("rnn_gru_relu", SEQUENCE, lambda L, x: L.GRU(4, activation="relu")(x))
enter("rnn_plain_relu", SEQUENCE, lambda L, x: L.SimpleRNN(4, activation="relu", use_bias=False)(x))
enter("rnn_lstm_hard", SEQUENCE, lambda L, x: L.LSTM(4, recurrent_activation="hard_sigmoid")(x))
enter("rnn_lstm_long_unrolled", (24, 6), lambda L, x: L.LSTM(4, unroll=True)(x))
enter("rnn_both_sequences", SEQUENCE, lambda L, x: L.Bidirectional(L.LSTM(4, return_sequences=True))(x))
enter("rnn_both_sum", SEQUENCE, lambda L, x: L.Bidirectional(L.GRU(4), merge_mode="sum")(x))
enter("rnn_dropout", SEQUENCE, lambda L, x: L.LSTM(4, dropout=0.2)(x))
enter("rnn_recurrent_dropout", SEQUENCE, lambda L, x: L.LSTM(4, recurrent_dropout=0.2)(x))
enter(
    "gru_dropout_twice",
    SEQUENCE,
    lambda L, x: L.GRU(3, dropout=0.2)(L.GRU(4, dropout=0.2, return_sequences=True)(x)),
)
enter("rnn_dropout_both_ways", SEQUENCE, lambda L, x: L.Dense(2)(L.Bidirectional(L.LSTM(4, dropout=0.2))(x)))
enter("rnn_after_embedding", (10,), lambda L, x: L.Dense(1)(L.LSTM(4)(L.Embedding(20, 6)(x))))
enter("rnn_masked", (10,), lambda L, x: L.LSTM(4)(L.Embedding(20, 6, mask_zero=True)(x)))
enter("pool_masked", (10,), lambda L, x: L.GlobalAveragePooling1D()(L.Embedding(20, 6, mask_zero=True)(x)))
enter("batch_norm_relu_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.ReLU()(L.BatchNormalization()(x))))
enter("batch_norm_dense", VECTOR, lambda L, x: L.Dense(3)(L.BatchNormalization()(x)))
enter("batch_norm_flatten_dense", IMAGE, lambda L, x: L.Dense(3)(L.Flatten()(L.BatchNormalization()(x))))
enter(
    "pool_batch_norm_dense",
    IMAGE,
    lambda L, x: L.Dense(3)(L.BatchNormalization()(L.GlobalMaxPooling2D()(x))),
)
enter("batch_norm_twice", IMAGE, lambda L, x: L.BatchNormalization()(L.BatchNormalization()(x)))
enter(
    "conv_pool_batch_norm",
    IMAGE,
    lambda L, x: L.BatchNormalization()(L.MaxPooling2D()(L.Conv2D(5, 3)(x))),
)
enter(
    "conv_relu_pad_conv",
    IMAGE,
    lambda L, x: L.Conv2D(3, 3)(L.ZeroPadding2D(1)(L.Conv2D(5, 3, activation="relu")(x))),
)
enter(
    "pad_used_twice",
    IMAGE,
    lambda L, x: (lambda y: L.Add()([L.Conv2D(3, 3)(y), L.Conv2D(3, 3)(y)]))(L.ZeroPadding2D(1)(x)),
)
enter("conv1d_tanh", SEQUENCE, lambda L, x: L.Conv1D(5, 3, activation="tanh")(x))
enter("conv1d_leaky", SEQUENCE, lambda L, x: L.LeakyReLU()(L.Conv1D(5, 3)(x)))
enter(
    "conv1d_residual",
    SEQUENCE,
    lambda L, x: L.ReLU()(L.Add()([L.Conv1D(6, 3, padding="same")(x), x])),
)
enter(
    "conv1d_dilated_stack",
    SEQUENCE,
    lambda L, x: L.Conv1D(5, 3, padding="causal", dilation_rate=4)(
        L.Conv1D(5, 3, padding="causal", dilation_rate=2, activation="relu")(x)
    ),
)
enter("conv1d_flatten", SEQUENCE, lambda L, x: L.Dense(2)(L.Flatten()(L.Conv1D(5, 3, activation="relu")(x))))
enter("conv1d_lstm", SEQUENCE, lambda L, x: L.LSTM(4)(L.MaxPooling1D(2)(L.Conv1D(5, 3)(x))))
enter("conv1d_elu_pool", SEQUENCE, lambda L, x: L.MaxPooling1D(2)(L.Conv1D(5, 3, activation="elu")(x)))
enter(
    "separable1d_stack",
    SEQUENCE,
    lambda L, x: L.SeparableConv1D(5, 3)(L.SeparableConv1D(6, 3, activation="relu")(x)),
)
enter("reshape_conv", (48,), lambda L, x: L.Conv2D(3, 3)(L.Reshape((4, 4, 3))(x)))
enter("reshape_conv1d", (48,), lambda L, x: L.Conv1D(3, 3)(L.Reshape((16, 3))(x)))
enter(
    "decoder",
    VECTOR,
    lambda L, x: L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu")(
        L.Reshape((4, 4, 2))(L.Dense(32, activation="relu")(x))
    ),
)
enter(
    "unet",
    (16, 16, 2),
    lambda L, x: (
        lambda a: L.Conv2D(1, 1, activation="sigmoid")(
            L.Concatenate()(
                [
                    a,
                    L.Conv2DTranspose(4, 2, strides=2)(
                        L.Conv2D(8, 3, padding="same", activation="relu")(L.MaxPooling2D()(a))
                    ),
                ]
            )
        )
    )(L.Conv2D(4, 3, padding="same", activation="relu")(x)),
)
enter("flatten_twice", IMAGE, lambda L, x: L.Dense(2)(L.Flatten()(L.Flatten()(x))))
enter("dense_softmax_layer", VECTOR, lambda L, x: L.Softmax()(L.Dense(4)(x)))
enter("dense_relu_one", VECTOR, lambda L, x: L.ReLU(1.0)(L.Dense(5)(x)))
enter("dense_dense", VECTOR, lambda L, x: L.Dense(3)(L.Dense(5)(x)))
enter(
    "dense_dense_on_sequence",
    SEQUENCE,
    lambda L, x: L.Dense(3, activation="softmax")(L.Dense(5, use_bias=False)(x)),
)
enter("add_relu_twice", [IMAGE, IMAGE], lambda L, x: (lambda y: L.Add()([L.ReLU()(y), y]))(L.Add()(x)))
enter("gate", [IMAGE, (4,)], lambda L, x: L.Multiply()([x[0], L.Reshape((1, 1, 4))(x[1])]))
enter(
    "pool_reshape_conv",
    IMAGE,
    lambda L, x: L.Conv2D(3, 1)(L.Reshape((1, 1, 4))(L.GlobalAveragePooling2D()(x))),
)
enter(
    "pool_keep_flatten",
    IMAGE,
    lambda L, x: L.Dense(3)(L.Flatten()(L.GlobalAveragePooling2D(keepdims=True)(x))),
)
enter("average_pool_flatten", IMAGE, lambda L, x: L.Dense(3)(L.Flatten()(L.AveragePooling2D(12)(x))))
enter("permute_dense", (4, 6), lambda L, x: L.Dense(3)(L.Permute((2, 1))(x)))
enter("random_flip", IMAGE, lambda L, x: L.Conv2D(2, 3)(L.RandomFlip()(x)))
enter("spatial_dropout", IMAGE, lambda L, x: L.Conv2D(2, 3)(L.SpatialDropout2D(0.1)(x)))
enter(
    "two_heads",
    VECTOR,
    lambda L, x: (lambda y: [L.Dense(3, activation="softmax")(y), L.Dense(1, activation="sigmoid")(y)])(
        L.Dense(6, activation="relu")(x)
    ),
)
enter(
    "shared_layer",
    [VECTOR, VECTOR],
    lambda L, x: (lambda d: L.Concatenate()([d(x[0]), d(x[1])]))(L.Dense(6, activation="relu")),
)
enter(
    "layer_norm_dense",
    SEQUENCE,
    lambda L, x: L.Dense(3)(L.LayerNormalization()(L.Dense(4, activation="relu")(x))),
)
enter("cross_attention", [SEQUENCE, (7, 6)], lambda L, x: L.MultiHeadAttention(2, 3)(x[0], x[1]))
enter(
    "multi_head_value_dim",
    SEQUENCE,
    lambda L, x: L.MultiHeadAttention(2, 3, value_dim=5, output_shape=4)(x, x),
)
enter("multi_head_dropout", SEQUENCE, lambda L, x: L.MultiHeadAttention(2, 3, dropout=0.1)(x, x))
enter(
    "multi_head_causal_dropout",
    SEQUENCE,
    lambda L, x: L.MultiHeadAttention(2, 3, dropout=0.1)(x, x, use_causal_mask=True),
)
enter("multi_head_one_dropout", SEQUENCE, lambda L, x: L.MultiHeadAttention(1, 3, dropout=0.1)(x, x))
enter("multi_head_causal", SEQUENCE, lambda L, x: L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
enter("multi_head_one", SEQUENCE, lambda L, x: L.MultiHeadAttention(1, 3)(x, x))
enter("layer_norm_no_affine", SEQUENCE, lambda L, x: L.LayerNormalization(center=False, scale=False)(x))
enter("group_norm_no_affine", IMAGE, lambda L, x: L.GroupNormalization(2, center=False, scale=False)(x))
enter("embedding_dense", (10,), lambda L, x: L.Dense(3)(L.Embedding(20, 4)(x)))
enter("upsample_conv", IMAGE, lambda L, x: L.Conv2D(3, 3, padding="same")(L.UpSampling2D(2)(x)))
enter("sequence_dense_linear", SEQUENCE, lambda L, x: L.Dense(3, activation="relu")(L.Dense(5)(x)))
enter("sequence_dense_thrice", SEQUENCE, lambda L, x: L.Dense(2)(L.Dense(3)(L.Dense(5)(x))))
enter("sequence_dense_pool", SEQUENCE, lambda L, x: L.GlobalAveragePooling1D()(L.Dense(3)(L.Dense(5)(x))))
enter("image_dense_linear", IMAGE, lambda L, x: L.Dense(3)(L.Dense(5)(x)))
enter("attention_then_dense", SEQUENCE, lambda L, x: L.Dense(3)(L.MultiHeadAttention(2, 3)(x, x)))
enter("dense_dropout_dense", VECTOR, lambda L, x: L.Dense(3)(L.Dropout(0.1)(L.Dense(5)(x))))
enter("dense_linear_flatten", SEQUENCE, lambda L, x: L.Dense(3)(L.Flatten()(L.Dense(5)(x))))
enter("conv_linear_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.Conv2D(5, 3)(x)))
enter("dense_batch_norm_dense", VECTOR, lambda L, x: L.Dense(3)(L.BatchNormalization()(L.Dense(5)(x))))
enter("add_then_relu6", [IMAGE, IMAGE], lambda L, x: L.ReLU(6.0)(L.Add()(x)))
enter("subtract_scalar", VECTOR, lambda L, x: L.Dense(3)(L.Rescaling(0.5, offset=-1.0)(x)))


def _ops() -> Any:
    import keras

    return keras.ops


enter("ops_mean", SEQUENCE, lambda L, x: _ops().mean(x, axis=1))
enter("ops_mean_keep", IMAGE, lambda L, x: _ops().mean(x, axis=(1, 2), keepdims=True))
enter("ops_sum", SEQUENCE, lambda L, x: _ops().sum(x, axis=-1))
enter("ops_max", SEQUENCE, lambda L, x: _ops().max(x, axis=2))
enter("ops_add", [IMAGE, IMAGE], lambda L, x: x[0] + x[1])
enter("ops_multiply_number", IMAGE, lambda L, x: x * 2.0)
enter("ops_add_number_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(x + 1.0))
enter("ops_relu", IMAGE, lambda L, x: _ops().relu(L.Conv2D(3, 3)(x)))
enter("ops_sigmoid", IMAGE, lambda L, x: _ops().sigmoid(x))
enter("ops_softmax", SEQUENCE, lambda L, x: _ops().softmax(x))
enter("ops_reshape", IMAGE, lambda L, x: _ops().reshape(x, (-1, 576)))
enter("ops_transpose", IMAGE, lambda L, x: _ops().transpose(x, (0, 3, 1, 2)))
enter("ops_expand", VECTOR, lambda L, x: _ops().expand_dims(x, 1))
enter("ops_squeeze", (1, 8), lambda L, x: _ops().squeeze(x, 1))
enter("ops_concatenate", [SEQUENCE, SEQUENCE], lambda L, x: _ops().concatenate(x, axis=1))
enter("ops_matmul", [SEQUENCE, (6, 3)], lambda L, x: _ops().matmul(x[0], x[1]))
enter("ops_abs", IMAGE, lambda L, x: _ops().abs(x))
enter("ops_exp", IMAGE, lambda L, x: _ops().exp(x))
enter("ops_square", IMAGE, lambda L, x: _ops().square(x))
enter("ops_sqrt", IMAGE, lambda L, x: _ops().sqrt(x))
enter("ops_divide", [IMAGE, IMAGE], lambda L, x: x[0] / x[1])
enter("ops_maximum", [IMAGE, IMAGE], lambda L, x: _ops().maximum(x[0], x[1]))
enter("rescaling_depthwise", IMAGE, lambda L, x: L.DepthwiseConv2D(3)(L.Rescaling(0.5)(x)))
enter("rescaling_offset_valid", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.Rescaling(0.5, offset=-1.0)(x)))
enter(
    "rescaling_offset_same",
    IMAGE,
    lambda L, x: L.Conv2D(3, 3, padding="same")(L.Rescaling(0.5, offset=-1.0)(x)),
)
enter("relu_max_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.ReLU(1.0)(x)))
enter("silu_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.Activation("silu")(x)))
enter("hard_sigmoid_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.Activation("hard_sigmoid")(x)))
enter("average_conv", [IMAGE, IMAGE], lambda L, x: L.Conv2D(3, 3)(L.Average()(x)))
enter("average_dense", [VECTOR, VECTOR], lambda L, x: L.Dense(3)(L.Average()(x)))
enter("softplus_conv", IMAGE, lambda L, x: L.Conv2D(3, 3)(L.Activation("softplus")(x)))
enter("rescaling_transpose", IMAGE, lambda L, x: L.Conv2DTranspose(3, 3)(L.Rescaling(0.5)(x)))
enter("rescaling_conv1d", SEQUENCE, lambda L, x: L.Conv1D(3, 3)(L.Rescaling(0.5)(x)))
enter("rescaling_flatten_dense", IMAGE, lambda L, x: L.Dense(3)(L.Flatten()(L.Rescaling(0.5)(x))))
enter(
    "rescaling_pad_conv",
    IMAGE,
    lambda L, x: L.Conv2D(3, 3, strides=2)(L.ZeroPadding2D(1)(L.Rescaling(0.5)(x))),
)
enter("vector_add", [VECTOR, VECTOR], lambda L, x: L.Add()(x))
enter("vector_add_relu", [VECTOR, VECTOR], lambda L, x: L.ReLU()(L.Add()(x)))
enter("vector_add3", [VECTOR] * 3, lambda L, x: L.Add()(x))
enter("vector_residual", VECTOR, lambda L, x: L.Dense(3)(L.Add()([L.Dense(8, activation="relu")(x), x])))
enter("vector_residual_linear", VECTOR, lambda L, x: L.Dense(3)(L.Add()([x, L.Dense(8)(x)])))
enter("vector_multiply", [VECTOR, VECTOR], lambda L, x: L.Multiply()(x))
enter("vector_maximum", [VECTOR, VECTOR], lambda L, x: L.Maximum()(x))
enter("vector_subtract_dense", [VECTOR, VECTOR], lambda L, x: L.Dense(2)(L.Subtract()(x)))
enter("image_add_channels", [IMAGE, (1, 1, 4)], lambda L, x: L.Add()(x))
enter("vector_ops_add", [VECTOR, VECTOR], lambda L, x: x[0] + x[1])
enter("one_unit_add", [(1,), (1,)], lambda L, x: L.Add()(x))
enter("sequence_add_one", [(1, 6), (1, 6)], lambda L, x: L.Add()(x))
enter(
    "one_step_residual",
    (1, 6),
    lambda L, x: L.LayerNormalization()(L.Add()([x, L.Dense(6, activation="relu")(x)])),
)
