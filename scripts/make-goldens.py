#!/usr/bin/env python3
"""Computes with PyTorch what Tests/NetTests/GoldenTests.swift compares with: Tests/NetTests/Goldens/*.json.

    scripts/peers                                                    makes the Python environment, once
    ~/.cache/lanewise-peers/bin/python scripts/make-goldens.py       writes all families; the same bytes every time
    ~/.cache/lanewise-peers/bin/python scripts/make-goldens.py --check       writes nothing, fails where a file would change

To add a case:

1. Here, in the function of its family (or a new one, `@family("name")`, which becomes Goldens/name.json), add a line

       layer("conv2d", lambda x, p: nhwc(F.conv2d, x, oihw(p.kernel), p.bias), [2, 4, 4, 2], "conv2d_1",
             kernel=[3, 3, 2, 4], bias=[4])

   that is: the case's name; PyTorch's forward from Net's input and parameters (torch tensors in Net's layout: convert them
   inside, autograd then gives gradients in Net's layout); the input's shape with the batch; the prefix of the parameters'
   names in Net; each parameter's shape, or Draw(shape, low, high). A forward that differs between training and inference takes
   a third argument, True in training; parameters it changes itself (running statistics) are declared as Draw(..., state=True).
   `penalty=lambda y, p: ...` is added to the loss in training. For several layers the prefix is a dictionary of
   prefixes by the beginnings of the parameters' names, {"forward_": "lstm_1"}.
   For a loss: loss("name", lambda y, t: ..., outputs' shape, targets=Draw(...)) or labels=[...], classes=n; with
   teacher=Draw(...) a third argument is what another network answered.
2. In Tests/NetTests/GoldenCases.swift add the layer or loss of Net under the same name.
3. Run this script, `swift test --filter GoldenTests`, and commit the JSON.

Optimizers and schedules have records of their own: the weights after some of forty steps with given gradients, and the rates at some
steps. Their Net sides are in Tests/NetTests/Optimizers and Schedules.

A record holds input, parameters, targets; the loss (mean squared error to the targets, or the loss itself) of a training pass; the
output in inference; the gradients by input and parameters; and the parameters after three steps of SGD with momentum.
Everything is computed in float64 and rounded, so that the bytes do not depend on the machine. The script also
computes it in PyTorch's float32 and fails where that is further from it than the bounds of the Swift test.
"""
import argparse
import json
import math
import pathlib
import random
import sys
import types
import zlib

import numpy
import torch
import torch.nn.functional as F
import torch.optim.lr_scheduler as schedulers

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/NetTests/Goldens"
FORWARD_BOUND, GRADIENT_BOUND = 1e-5, 1e-4  # relative; as in GoldenTests.swift
LEARNING_RATE, MOMENTUM, STEPS = 0.1, 0.9, 3

FAMILIES = {}
CASES = []  # of the family being made


def family(name):
    def register(function):
        FAMILIES[name] = function
        return function
    return register


class Draw:
    """Values uniform in low...high with two decimals, or `whole` numbers; or the ones given."""

    def __init__(self, shape, low=-1.0, high=1.0, whole=False, values=None, state=False):
        self.shape, self.low, self.high, self.whole, self.values, self.state = shape, low, high, whole, values, state

    def tensor(self, generator):
        count = 1
        for n in self.shape:
            count *= n
        values = self.values
        if values is None:
            draw = lambda: self.low + (self.high - self.low) * generator.random()
            values = [float(int(draw())) if self.whole else round(draw(), 2) for _ in range(count)]
        # Net reads float32: the float64 computation starts from the same numbers.
        return torch.tensor(values, dtype=torch.float32).reshape(self.shape)


def drawn(shape):
    return shape if isinstance(shape, Draw) else Draw(shape)


def text(tensor):
    values = [float(f"{v:.7g}") for v in tensor.detach().reshape(-1).tolist()]
    return {"shape": list(tensor.shape), "values": [int(v) if v == int(v) else v for v in values]}


def run(dtype, forward, objective, x, parameters, state, trains):
    """One record's results at a precision."""
    x = x.to(dtype, copy=True).requires_grad_()
    p = {k: v.to(dtype, copy=True).requires_grad_(k not in state) for k, v in parameters.items()}
    space = lambda: types.SimpleNamespace(**p)
    learning = {k: v for k, v in p.items() if k not in state}
    output = forward(x, space(), False).detach().clone()
    optimizer = torch.optim.SGD(list(learning.values()), lr=LEARNING_RATE, momentum=MOMENTUM) if learning else None
    results = {}
    for step in range(STEPS if trains and learning else 1):
        for v in [x, *learning.values()]:
            v.grad = None
        value = objective(forward(x, space(), True), space())
        value.backward()
        if step == 0:
            zero = lambda v: torch.zeros_like(v) if v.grad is None else v.grad.clone()
            results = {"loss": value.detach().clone(), "output": output, "inputGradient": zero(x),
                       "gradients": {k: zero(v) for k, v in learning.items()}}
        if optimizer:
            optimizer.step()
    results["steps"] = {k: v.detach().clone() for k, v in p.items()} if trains else {}
    return results


def check_float32(name, exact, single):
    """PyTorch's own float32 must lie within the bounds; relative to what, says GoldenTests.swift."""
    def compare(what, a, b, bound, floor=0.0):
        scale = torch.clamp(a.abs(), min=max(0.1 * a.abs().max().item(), floor))
        if ((a - b.double()).abs() - bound * scale).max() > 0:
            sys.exit(f"{name}: {what} of PyTorch's float32 is further than {bound} from its float64; choose another case")
    for what in ("loss", "output"):
        compare(what, exact[what], single[what], FORWARD_BOUND)
    gradients = lambda results: {"the input": results["inputGradient"], **results["gradients"]}
    largest = max(g.abs().max().item() for g in gradients(exact).values())
    for k, g in gradients(exact).items():
        compare(f"gradient by {k}", g, gradients(single)[k], GRADIENT_BOUND, 0.01 * largest)
    for k in exact["steps"]:
        compare(f"{k} after the steps", exact["steps"][k], single["steps"][k], GRADIENT_BOUND)


def full_name(prefix, parameter):
    if isinstance(prefix, str):
        return f"{prefix}/{parameter}"
    start = next(start for start in prefix if parameter.startswith(start))
    return f"{prefix[start]}/{parameter[len(start):]}"


def record(name, forward, objective, inputs, prefix, shapes, extra, generator, trains):
    x = drawn(inputs).tensor(generator)
    declared = {k: drawn(v) for k, v in shapes.items()}
    parameters = {k: d.tensor(generator) for k, d in declared.items()}
    state = {k for k, d in declared.items() if d.state}
    exact = run(torch.float64, forward, objective(torch.float64), x, parameters, state, trains)
    check_float32(name, exact, run(torch.float32, forward, objective(torch.float32), x, parameters, state, trains))
    named = lambda tensors: {full_name(prefix, k): text(v) for k, v in tensors.items()}
    CASES.append({
        "name": name, "input": text(x), **extra, "parameters": named(parameters), "loss": float(f"{exact['loss']:.7g}"),
        "output": text(exact["output"]), "inputGradient": text(exact["inputGradient"]),
        "gradients": named(exact["gradients"]), "steps": named(exact["steps"])})


def seeded(name):
    return random.Random(zlib.crc32(name.encode()))


def layer(name, forward, inputs, prefix="", penalty=lambda y, p: 0, **parameters):
    """A layer: its loss is the mean squared error to drawn targets, and a penalty."""
    generator = seeded(name)
    # Default arguments are no mode.
    takes_mode = forward.__code__.co_argcount - len(forward.__defaults__ or ()) > 2
    call = forward if takes_mode else lambda x, p, training: forward(x, p)
    shapes = {k: drawn(v) for k, v in parameters.items()}
    # The targets have the shape of the output.
    dry = random.Random(0)
    probe = call(drawn(inputs).tensor(dry), types.SimpleNamespace(**{k: d.tensor(dry) for k, d in shapes.items()}), False)
    targets = Draw(list(probe.shape)).tensor(generator)
    objective = lambda dtype: lambda y, p: F.mse_loss(y, targets.to(dtype)) + penalty(y, p)
    record(name, call, objective, inputs, prefix, shapes, {"targets": text(targets)}, generator, True)


def loss(name, value, outputs, targets=None, labels=None, classes=None, teacher=None):
    """A loss: `value(outputs, targets)`, or with labels `value(outputs, int64 labels)`; a teacher's answers come last."""
    generator = seeded(name)
    if labels is None:
        t = targets.tensor(generator)
        extra = {"targets": text(t)}
    else:
        t = torch.tensor(labels)
        extra = {"labels": labels, "classes": classes}
    answers = [] if teacher is None else [teacher.tensor(generator)]
    if answers:
        extra["teacher"] = text(answers[0])
    at = lambda tensor, dtype: tensor.to(dtype) if tensor.is_floating_point() else tensor
    objective = lambda dtype: lambda y, p: value(y, *(at(tensor, dtype) for tensor in [t, *answers]))
    record(name, lambda x, p, training: x, objective, outputs, "", {}, extra, generator, False)


# Layouts: Net's are [batch, height, width, channels] and [kernelHeight, kernelWidth, channels / groups, filters].

def nhwc(function, x, *arguments, **settings):
    """A function on [batch, channels, height, width], applied to [batch, height, width, channels]."""
    return function(x.permute(0, 3, 1, 2), *arguments, **settings).permute(0, 2, 3, 1)


def nwc(function, x, *arguments, **settings):
    """A function on [batch, channels, steps], applied to [batch, steps, channels]."""
    return function(x.permute(0, 2, 1), *arguments, **settings).permute(0, 2, 1)


def oihw(kernel):
    """[height, width, in, out] to [out, in, height, width]; of transposed convolutions [height, width, out, in] to
    [in, out, height, width]."""
    return kernel.permute(3, 2, 0, 1)


def depthwise(kernel):
    """[height, width, channels, multiplier] to [channels * multiplier, 1, height, width]."""
    height, width, channels, multiplier = kernel.shape
    return kernel.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)


def padded(x, top, bottom, left, right, value=0.0):
    return F.pad(x, (0, 0, left, right, top, bottom), value=value)


# Families.

@family("dense")
def dense():
    linear = lambda x, p: F.linear(x, p.kernel.T, p.bias)
    layer("dense", linear, [3, 5], "dense_1", kernel=[5, 4], bias=[4])
    layer("dense without bias", lambda x, p: F.linear(x, p.kernel.T), [3, 5], "dense_1", kernel=[5, 4])
    layer("dense on rows", linear, [2, 3, 4], "dense_1", kernel=[4, 2], bias=[2])
    layer("dense sigmoid", lambda x, p: torch.sigmoid(linear(x, p)), [3, 5], "dense_1", kernel=[5, 4], bias=[4])
    layer("dense relu", lambda x, p: torch.relu(linear(x, p)), [3, 5], "dense_1", kernel=[5, 4], bias=[4])
    layer("dense with penalties", linear, [3, 5], "dense_1", kernel=[5, 4], bias=[4], penalty=lambda y, p:
          0.1 * p.kernel.abs().sum() + 0.2 * p.kernel.square().sum() + 0.1 * p.bias.abs().pow(3).sum()
          + 0.3 * y.square().sum() / len(y))
    layer("activityRegularization", lambda x, p: x, [3, 5], penalty=lambda y, p: 0.2 * y.abs().sum() / len(y))


@family("convolutions")
def convolutions():
    def conv(**settings):
        return lambda x, p: nhwc(F.conv2d, x, oihw(p.kernel), p.bias, **settings)
    image, kernel = [2, 5, 4, 2], {"kernel": [3, 3, 2, 3], "bias": [3]}
    layer("conv2d", conv(), image, "conv2d_1", **kernel)
    layer("conv2d strides 2 padding 1", conv(stride=2, padding=1), image, "conv2d_1", **kernel)
    layer("conv2d dilation 2 padding 2", conv(dilation=2, padding=2), image, "conv2d_1", **kernel)
    layer("conv2d groups 2 padding 1", conv(groups=2, padding=1), [2, 4, 3, 4], "conv2d_1", kernel=[3, 3, 2, 4], bias=[4])
    layer("conv2d 1x1 relu", lambda x, p: torch.relu(conv()(x, p)), image, "conv2d_1", kernel=[1, 1, 2, 3], bias=[3])
    layer("conv2d strides 2 same", lambda x, p: conv(stride=2)(padded(x, 1, 1, 0, 1), p), image, "conv2d_1", **kernel)
    layer("conv2d 2x3 same", lambda x, p: conv()(padded(x, 0, 1, 1, 1), p), image, "conv2d_1", kernel=[2, 3, 2, 2], bias=[2])

    step = lambda kernel: kernel.permute(2, 1, 0)
    layer("conv1d padding 2 dilation 2", lambda x, p: nwc(F.conv1d, x, step(p.kernel), p.bias, padding=2, dilation=2),
          [2, 7, 2], "conv1d_1", kernel=[3, 2, 3], bias=[3])
    layer("conv1d stride 2 groups 2", lambda x, p: nwc(F.conv1d, x, step(p.kernel), p.bias, stride=2, groups=2),
          [2, 7, 4], "conv1d_1", kernel=[3, 2, 4], bias=[4])
    layer("depthwiseConv2d multiplier 2", lambda x, p: nhwc(
        F.conv2d, x, depthwise(p.kernel), p.bias, stride=2, padding=1, groups=3),
        [2, 5, 4, 3], "depthwiseConv2d_1", kernel=[3, 3, 3, 2], bias=[6])
    layer("separableConv2d", lambda x, p: nhwc(
        F.conv2d, nhwc(F.conv2d, x, depthwise(p.depthwiseKernel), padding=1, groups=3), oihw(p.pointwiseKernel), p.bias),
        [2, 4, 3, 3], "separableConv2d_1", depthwiseKernel=[3, 3, 3, 1], pointwiseKernel=[1, 1, 3, 4], bias=[4])
    layer("conv2dTranspose strides 2", lambda x, p: nhwc(
        F.conv_transpose2d, x, oihw(p.kernel), p.bias, stride=2, padding=1, output_padding=1),
        [2, 3, 2, 3], "conv2dTranspose_1", kernel=[3, 3, 2, 3], bias=[2])
    layer("conv2dTranspose dilation 2", lambda x, p: nhwc(F.conv_transpose2d, x, oihw(p.kernel), p.bias, dilation=2),
          [1, 3, 2, 2], "conv2dTranspose_1", kernel=[2, 3, 2, 2], bias=[2])


@family("normalization")
def normalization():
    affine = lambda n: {"gamma": Draw([n], 0.5, 1.5), "beta": [n]}
    running = {"runningMean": Draw([3], state=True), "runningVariance": Draw([3], 0.5, 1.5, state=True)}
    batch = lambda x, p, training: F.batch_norm(
        x.reshape(-1, 3), p.runningMean, p.runningVariance, p.gamma, p.beta, training, 0.1, 1e-5).reshape(x.shape)
    layer("batchNorm", batch, [4, 2, 3, 3], "batchNorm_1", **affine(3), **running)
    layer("batchNorm relu", lambda x, p, training: torch.relu(batch(x, p, training)), [6, 3], "batchNorm_1", **affine(3), **running)
    layer("layerNorm", lambda x, p: F.layer_norm(x, [5], p.gamma, p.beta, 1e-5), [3, 4, 5], "layerNorm_1", **affine(5))
    layer("rmsNorm", lambda x, p: F.rms_norm(x, [5], p.gamma, 1e-6), [3, 4, 5], "rmsNorm_1", gamma=Draw([5], 0.5, 1.5))
    layer("groupNorm", lambda x, p: nhwc(F.group_norm, x, 2, p.gamma, p.beta, 1e-5), [2, 3, 2, 4], "groupNorm_1", **affine(4))


@family("pooling")
def pooling():
    image = [2, 7, 6, 2]
    layer("maxPool2d", lambda x, p: nhwc(F.max_pool2d, x, 2), image)
    layer("maxPool2d 3x3 strides 2 padding 1", lambda x, p: nhwc(F.max_pool2d, x, 3, 2, 1), image)
    layer("maxPool2d rounded up", lambda x, p: nhwc(F.max_pool2d, x, 2, ceil_mode=True), image)
    layer("avgPool2d", lambda x, p: nhwc(F.avg_pool2d, x, 2), image)
    layer("avgPool2d padding counts", lambda x, p: nhwc(F.avg_pool2d, x, 3, 2, 1, count_include_pad=True), image)
    layer("avgPool2d padding does not count", lambda x, p: nhwc(F.avg_pool2d, x, 3, 2, 1, count_include_pad=False), image)
    steps = [2, 7, 3]
    layer("maxPool1d 3 stride 2 padding 1", lambda x, p: nwc(F.max_pool1d, x, 3, 2, 1), steps)
    layer("avgPool1d rounded up", lambda x, p: nwc(F.avg_pool1d, x, 2, ceil_mode=True), steps)
    layer("avgPool1d padding counts", lambda x, p: nwc(F.avg_pool1d, x, 3, 2, 1), steps)
    layer("globalAvgPool2d", lambda x, p: x.mean((1, 2)), image)


@family("recurrent")
def recurrent():
    def cell(function, states, gates, order=None, output="last", backwards=False):
        def weights(w):
            # Net's gates side by side, in another order, become PyTorch's rows.
            return w if order is None else torch.cat([torch.chunk(w, gates, -1)[g] for g in order], -1)

        def forward(x, p):
            x = x.flip(1) if backwards else x
            bias = p.bias if p.bias.dim() == 2 else torch.stack([p.bias, torch.zeros_like(p.bias)])
            first = x.new_zeros(1, x.shape[0], 4)
            parameters = [weights(p.kernel).T, weights(p.recurrentKernel).T, *weights(bias)]
            y, *last = function(x, (first, first) if states == 2 else first, parameters, True, 1, 0.0, False, False, True)
            if output == "state":
                return torch.cat([state[0] for state in last], -1)
            if output == "sequences":
                return y.flip(1) if backwards else y
            return y[:, -1]
        return forward

    def case(name, function, gates, bias=None, **settings):
        kind = name.split()[0]
        layer(name, cell(function, 2 if kind == "lstm" else 1, gates, **settings), [3, 5, 3], f"{kind}_1",
              kernel=[3, 4 * gates], recurrentKernel=[4, 4 * gates], bias=bias or [4 * gates])

    case("simpleRNN", torch.rnn_tanh, 1)
    case("simpleRNN relu", torch.rnn_relu, 1, output="sequences")
    case("lstm", torch.lstm, 4)
    case("lstm sequences", torch.lstm, 4, output="sequences")
    case("lstm state", torch.lstm, 4, output="state")
    case("lstm backwards", torch.lstm, 4, output="sequences", backwards=True)
    case("gru", torch.gru, 3, bias=[2, 12], order=(1, 0, 2))
    case("gru sequences", torch.gru, 3, bias=[2, 12], order=(1, 0, 2), output="sequences")

    def both_ways(name, output, merge):
        def forward(x, p):
            way = lambda start: types.SimpleNamespace(
                **{k.removeprefix(start): v for k, v in vars(p).items() if k.startswith(start)})
            ways = [cell(torch.lstm, 2, 4, output=output, backwards=start == "backward_")(x, way(start))
                    for start in ("forward_", "backward_")]
            return merge(ways)
        shapes = {"kernel": [3, 16], "recurrentKernel": [4, 16], "bias": [16]}
        layer(name, forward, [3, 5, 3], {"forward_": "lstm_1", "backward_": "lstm_2"},
              **{start + k: v for start in ("forward_", "backward_") for k, v in shapes.items()})
    both_ways("bidirectional", "last", lambda ways: torch.cat(ways, -1))
    both_ways("bidirectional sequences sum", "sequences", lambda ways: ways[0] + ways[1])

    def packed(x, p):
        lengths = torch.tensor([5, 2, 4])
        weights = [p.kernel.T, p.recurrentKernel.T, p.bias, torch.zeros_like(p.bias)]
        sequence = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        first = x.new_zeros(1, len(x), 4)
        _, last, _ = torch.lstm(sequence.data, sequence.batch_sizes, (first, first), weights, True, 1, 0.0, False, False)
        return last[0][sequence.unsorted_indices]
    padding = torch.tensor([[0.0] * 5, [0, 0, 1, 1, 1], [0, 0, 0, 0, 1]])
    generator = seeded("masked")
    values = [0.0 if hidden else round(generator.uniform(0.1, 1), 2) for hidden in padding.reshape(-1).repeat_interleave(3)]
    layer("lstm masked", packed, Draw([3, 5, 3], values=values), "lstm_1", kernel=[3, 16], recurrentKernel=[4, 16], bias=[16])


@family("activations")
def activations():
    functions = {
        "relu": torch.relu, "leakyReLU 0.1": lambda x: F.leaky_relu(x, 0.1), "elu 1.5": lambda x: F.elu(x, 1.5),
        "sigmoid": torch.sigmoid, "tanh": torch.tanh, "softplus": F.softplus, "gelu": F.gelu,
        "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "selu": F.selu,
        "relu6": F.relu6, "hardSigmoid": F.hardsigmoid, "hardSwish": F.hardswish, "mish": F.mish, "softsign": F.softsign}
    for name, f in functions.items():
        layer(name, lambda x, p, f=f: f(x), Draw([3, 8], -4, 4))
    layer("prelu", lambda x, p: torch.where(x > 0, x, p.slope * x), Draw([3, 2, 4], -4, 4), "prelu_1", slope=[4])
    layer("softmax", lambda x, p: torch.softmax(x, -1), Draw([2, 3, 5], -4, 4))
    layer("logSoftmax", lambda x, p: torch.log_softmax(x, -1), Draw([2, 3, 5], -4, 4))


@family("arranging")
def arranging():
    layer("zeroPadding2d", lambda x, p: padded(x, 1, 0, 2, 1), [2, 2, 3, 2])
    layer("reshape, flatten", lambda x, p: F.linear(x.reshape(3, 2, 4), p.kernel.T, p.bias).reshape(3, 6), [3, 8], "dense_1",
          kernel=[4, 3], bias=[3])
    layer("channelShuffle", lambda x, p: nhwc(F.channel_shuffle, x, 2), [2, 2, 2, 6])
    layer("residual", lambda x, p: torch.relu(F.linear(x, p.kernel.T, p.bias) + x), [3, 4], "dense_1", kernel=[4, 4], bias=[4])
    layer("concatenate", lambda x, p: torch.cat([x, F.linear(x, p.kernel.T, p.bias), x], -1), [3, 4], "dense_1",
          kernel=[4, 2], bias=[2])
    layer("add", lambda x, p: x + F.linear(x, p.kernel.T, p.bias) + x, [3, 4], "dense_1", kernel=[4, 4], bias=[4])


@family("attention")
def attention():
    layer("embedding", lambda x, p: F.embedding(x.detach().long(), p.embeddings), Draw([2, 5], 0, 7, whole=True), "embedding_1",
          embeddings=[7, 4])

    def attend(heads, memory=lambda x: x, causal=False, hidden=None):
        def forward(x, p):
            # PyTorch puts the steps first.
            q, m = x.transpose(0, 1), memory(x).transpose(0, 1)
            weights = [p.queryKernel.T, p.keyKernel.T, p.valueKernel.T]
            mask = torch.ones(len(q), len(m), dtype=torch.bool).triu(1) if causal else None
            y, _ = F.multi_head_attention_forward(
                q, m, m, q.shape[2], heads, None, torch.cat([p.queryBias, p.keyBias, p.valueBias]), None, None, False, 0.0,
                p.outputKernel.T, p.outputBias, attn_mask=mask, key_padding_mask=None if hidden is None else hidden(x),
                use_separate_proj_weight=True, q_proj_weight=weights[0], k_proj_weight=weights[1], v_proj_weight=weights[2])
            return y.transpose(0, 1)
        return forward

    def parameters(n, m):
        return {"queryKernel": [n, n], "queryBias": [n], "keyKernel": [m, n], "keyBias": [n], "valueKernel": [m, n],
                "valueBias": [n], "outputKernel": [n, n], "outputBias": [n]}

    name = "multiHeadAttention_1"
    layer("self-attention", attend(2), [2, 4, 6], name, **parameters(6, 6))
    layer("causal attention", attend(3, causal=True), [2, 4, 6], name, **parameters(6, 6))
    # Keys whose channels are all negative are padding.
    layer("attention with a mask", attend(2, hidden=lambda x: (x < 0).all(-1)), Draw([2, 3, 4], values=[
        0.3, -0.2, 0.5, 0.9, -0.4, -0.1, -0.7, -0.6, 0.8, 0.2, -0.9, 0.4,
        0.6, -0.5, 0.3, 0.1, 0.2, 0.8, -0.7, -0.3, -0.1, -0.4, -0.9, -0.5]), name, **parameters(4, 4))
    layer("cross-attention", attend(2, memory=lambda x: x.reshape(len(x), 4, 3)), [2, 2, 6], name, **parameters(6, 3))

    def waves(x, p):
        steps, channels = x.shape[1:]
        even = torch.arange(0, channels, 2, dtype=torch.float64)
        angle = torch.arange(steps, dtype=torch.float64)[:, None] / 10000 ** (even / channels)
        return x + torch.stack([angle.sin(), angle.cos()], -1).reshape(steps, channels).to(x.dtype)
    layer("sinusoidalPositions", waves, [2, 50, 4])
    layer("globalAvgPool1d", lambda x, p: x.mean(1), [2, 5, 3])


@family("losses")
def losses():
    logits, labels = Draw([5, 4], -3, 3), [3, 0, 1, 1, 2]
    soft = Draw([3, 3], values=[0.5, 0.25, 0.25, 0, 1, 0, 0.125, 0, 0.875])
    loss("meanSquaredError", F.mse_loss, [4, 3], targets=Draw([4, 3]))
    loss("sparseCategoricalCrossEntropy", F.cross_entropy, logits, labels=labels, classes=4)
    loss("sparseCategoricalCrossEntropy smoothed", lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1), logits,
         labels=labels, classes=4)
    loss("categoricalCrossEntropy", F.cross_entropy, Draw([3, 3], -3, 3), targets=soft)
    loss("categoricalCrossEntropy smoothed", lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1), Draw([3, 3], -3, 3),
         targets=soft)
    binary = Draw([4, 2], values=[0, 1, 1, 1, 0.25, 0, 0.5, 1])
    loss("binaryCrossEntropy", F.binary_cross_entropy_with_logits, Draw([4, 2], -3, 3), targets=binary)
    loss("binaryCrossEntropy smoothed", lambda y, t: F.binary_cross_entropy_with_logits(y, t * 0.8 + 0.1),
         Draw([4, 2], -3, 3), targets=binary)
    weights = lambda y: torch.tensor([0.5, 2, 1, 0.25], dtype=y.dtype)
    loss("sparseCategoricalCrossEntropy weighted", lambda y, t: F.cross_entropy(y, t, weight=weights(y)), logits,
         labels=labels, classes=4)
    loss("sparseCategoricalCrossEntropy weighted and smoothed",
         lambda y, t: F.cross_entropy(y, t, weight=weights(y), label_smoothing=0.1), logits, labels=labels, classes=4)
    loss("meanAbsoluteError", F.l1_loss, [4, 3], targets=Draw([4, 3]))
    loss("huber 0.5", lambda y, t: F.huber_loss(y, t, delta=0.5), Draw([4, 3], -2, 2), targets=Draw([4, 3]))
    signs = Draw([4, 2], values=[-1, 1, 1, 1, -1, -1, 1, -1])
    loss("hinge", lambda y, t: (1 - t * y).clamp(min=0).mean(), Draw([4, 2], -3, 3), targets=signs)
    loss("squaredHinge", lambda y, t: (1 - t * y).clamp(min=0).square().mean(), Draw([4, 2], -3, 3), targets=signs)
    loss("kullbackLeibler", lambda y, t: F.kl_div(F.log_softmax(y, -1), t, reduction="batchmean"), Draw([3, 3], -3, 3),
         targets=soft)
    loss("cosineSimilarity", lambda y, t: -F.cosine_similarity(y, t).mean(), [4, 3], targets=Draw([4, 3]))
    loss("content", lambda y, t: (y - t).square().sum() / 2 / y.shape[0], [2, 3, 2], targets=Draw([2, 3, 2]))
    gram = lambda y: y.transpose(1, 2) @ y
    loss("gram", lambda y, t: (gram(y) - gram(t)).square().sum() / (4 * 3 * 3 * 4 * 4) / y.shape[0], [2, 4, 3],
         targets=Draw([2, 4, 3]))

    def taught(y, t, teacher):
        soft = F.kl_div(F.log_softmax(y / 2, -1), F.log_softmax(teacher / 2, -1), reduction="batchmean", log_target=True)
        return 0.3 * F.cross_entropy(y, t) + 0.7 * 2 * 2 * soft
    loss("distillation", taught, logits, labels=labels, classes=4, teacher=Draw([5, 4], -3, 3))


@family("optimizers")
def optimizers():
    """The weights after these steps, in float64; the first record holds where they start, and the gradients."""
    steps = [1, 2, 10, 40]
    generator = numpy.random.default_rng(0)
    gradients, start = generator.standard_normal((40, 7)), generator.standard_normal(7)
    nine = lambda values: [float(f"{v:.9g}") for v in values]
    CASES.append({"name": "given", "steps": steps, "start": nine(start), "gradients": [nine(g) for g in gradients]})

    def course(name, step):
        """`step(t, g)` is the weights after step t, from 1, with gradient g."""
        weights = [step(t + 1, g) for t, g in enumerate(gradients)]
        CASES.append({"name": name, "weights": [nine(weights[t - 1]) for t in steps]})

    def pytorch(name, make):
        p = torch.nn.Parameter(torch.tensor(start))
        optimizer = make([p])

        def step(t, g):
            p.grad = torch.tensor(g)
            optimizer.step()
            return p.detach().clone().tolist()
        course(name, step)

    def formula(name, rate, direction, decay=0.0):
        """With decoupled decay; `direction(g, state)` may keep what it likes in the state."""
        state = types.SimpleNamespace(w=start)

        def step(t, g):
            state.w = state.w * (1 - rate * decay) - rate * direction(g, state)
            return state.w
        course(name, step)

    o = torch.optim
    pytorch("sgd", lambda p: o.SGD(p, 0.001))
    pytorch("momentum", lambda p: o.SGD(p, 0.01, momentum=0.9))
    pytorch("dampened", lambda p: o.SGD(p, 0.01, momentum=0.9, dampening=0.1))
    pytorch("nesterovL2", lambda p: o.SGD(p, 0.01, momentum=0.9, nesterov=True, weight_decay=0.1))
    pytorch("adagrad", lambda p: o.Adagrad(p))
    pytorch("adagradDecay", lambda p: o.Adagrad(p, lr_decay=0.1))
    pytorch("adadelta", lambda p: o.Adadelta(p))
    pytorch("adadeltaSlow", lambda p: o.Adadelta(p, 0.001, rho=0.95, eps=1e-7))
    pytorch("adam", lambda p: o.Adam(p))
    pytorch("adamL2", lambda p: o.Adam(p, weight_decay=0.1))
    pytorch("amsgrad", lambda p: o.Adam(p, amsgrad=True))
    pytorch("adamW", lambda p: o.AdamW(p))
    pytorch("adamax", lambda p: o.Adamax(p))
    pytorch("nadam", lambda p: o.NAdam(p))
    pytorch("radam", lambda p: o.RAdam(p))

    # Keras's rules.
    def nesterov(g, s):
        s.v = 0.9 * getattr(s, "v", 0.0) + g
        return g + 0.9 * s.v

    def rmsprop(g, s):
        s.v = 0.9 * getattr(s, "v", 0.0) + 0.1 * g * g
        s.m = 0.9 * getattr(s, "m", 0.0) + 0.1 * g
        return g / numpy.sqrt(s.v + 1e-7)

    def centered(g, s):
        rmsprop(g, s)
        s.b = 0.9 * getattr(s, "b", 0.0) + g / numpy.sqrt(s.v - s.m * s.m + 1e-7)
        return s.b
    formula("nesterov", 0.01, nesterov, decay=0.1)
    formula("rmsprop", 0.001, rmsprop)
    formula("rmspropCentered", 0.001, centered)


@family("schedules")
def schedules():
    """The rates at these steps of a training of a hundred, in float64."""
    steps = [0, 1, 2, 5, 9, 10, 11, 20, 29, 30, 31, 49, 50, 75, 99]

    def rates(name, rate):
        CASES.append({"name": name, "rates": [float(f"{rate(s):.9g}") for s in steps]})

    def pytorch(name, make, momentum=False, every=1):
        """From 0.1; a scheduler that takes a step after every so many of the optimizer's."""
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
        scheduler, seen = make(optimizer), []
        for step in range(1, 101):
            seen.append(dict(optimizer.param_groups[0]))
            optimizer.step()
            if step % every == 0 and step < 100:
                scheduler.step()
        rates(name, lambda s: seen[s]["lr"])
        if momentum:
            rates(name + "Momentum", lambda s: seen[s]["momentum"])

    l = schedulers
    pytorch("constant", lambda o: l.ConstantLR(o, 1.0))
    pytorch("step", lambda o: l.StepLR(o, 10, 0.5))
    pytorch("stepPerEpoch", lambda o: l.StepLR(o, 3, 0.5), every=7)
    pytorch("multiStep", lambda o: l.MultiStepLR(o, [2, 10, 50], 0.1))
    pytorch("exponential", lambda o: l.ExponentialLR(o, 0.97))
    pytorch("polynomial", lambda o: l.PolynomialLR(o, 50, 2.0))
    pytorch("cosine", lambda o: l.CosineAnnealingLR(o, 99))
    pytorch("restarts", lambda o: l.CosineAnnealingWarmRestarts(o, 10, 2))
    pytorch("restartsEqual", lambda o: l.CosineAnnealingWarmRestarts(o, 20, 1, eta_min=0.01))
    pytorch("oneCycle", lambda o: l.OneCycleLR(o, 0.1, total_steps=100), momentum=True)
    pytorch("cyclic", lambda o: l.CyclicLR(o, 0.01, 0.1, step_size_up=10, step_size_down=15), momentum=True)
    pytorch("cyclicHalving", lambda o: l.CyclicLR(o, 0.01, 0.1, step_size_up=10, mode="triangular2"))
    pytorch("cyclicExponential", lambda o: l.CyclicLR(o, 0.01, 0.1, step_size_up=10, mode="exp_range", gamma=0.98))
    pytorch("joined", lambda o: l.SequentialLR(o, [l.StepLR(o, 10, 0.5), l.ExponentialLR(o, 0.9)], [30]))
    pytorch("linearWarmup", lambda o: l.LinearLR(o, 1 / 3, total_iters=5))

    # Keras's formulas.
    def polynomial(s, cycles=False):
        n = 30 * max(1, math.ceil(s / 30)) if cycles else 30
        return 0.09 * (1 - min(s, n) / n) ** 0.5 + 0.01

    def restarts(s):
        start, length, height = 0.0, 15.0, 1.0
        while s >= start + length:
            start, length, height = start + length, length * 1.5, height * 0.8
        return 0.1 * (0.95 * height * (1 + math.cos(math.pi * (s - start) / length)) / 2 + 0.05)
    wave = lambda s, n: (1 + math.cos(math.pi * min(s, n) / n)) / 2
    rates("kerasExponential", lambda s: 0.1 * 0.5 ** (s / 20))
    rates("kerasExponentialStaircase", lambda s: 0.1 * 0.5 ** (s // 20))
    rates("kerasInverse", lambda s: 0.1 / (1 + 0.5 * s / 20))
    rates("kerasInverseStaircase", lambda s: 0.1 / (1 + 0.5 * (s // 20)))
    rates("kerasPolynomial", polynomial)
    rates("kerasPolynomialCycle", lambda s: polynomial(s, cycles=True))
    rates("kerasCosine", lambda s: 0.1 * (0.9 * wave(s, 50) + 0.1))
    rates("kerasRestarts", restarts)
    rates("kerasWarmupCosine", lambda s: 0.1 * s / 20 if s < 20 else 0.1 * wave(s - 20, 60))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing, fail where a file would change")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    changed = []
    for name, make in FAMILIES.items():
        CASES.clear()
        make()
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in CASES)
        content = f'{{"cases":[\n{lines}\n]}}\n'
        file = FOLDER / f"{name}.json"
        if not file.exists() or file.read_text() != content:
            changed.append(file.name)
            if not options.check:
                FOLDER.mkdir(exist_ok=True)
                file.write_text(content)
    print("changed: " + ", ".join(changed) if changed else "nothing changed")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
