"""The networks of `net` workloads, written once for all peers: a network is a list of layers, a layer a tuple.

("conv", filters, kernel, stride, padding), ("bn",), ("relu",), ("maxpool", size, stride, padding), ("globalavg",), ("flatten",),
("dense", units), ("dropout", rate), ("rows",): images of one channel as sequences of rows, ("lstm", units): the last output,
("residual", layers, shortcut): the sum of what the two lists make of the input.
Convolutions before a batch norm have no bias.
"""

MLP = [("flatten",), ("dense", 500), ("relu",), ("dense", 500), ("relu",), ("dense", 10)]

LENET = [("conv", 20, 5, 1, 0), ("maxpool", 2, 2, 0), ("conv", 50, 5, 1, 0), ("maxpool", 2, 2, 0), ("flatten",),
         ("dense", 500), ("relu",), ("dense", 10)]

TFCNN = [("conv", 32, 5, 1, 2), ("relu",), ("maxpool", 2, 2, 0), ("conv", 64, 5, 1, 2), ("relu",), ("maxpool", 2, 2, 0),
         ("flatten",), ("dense", 1024), ("relu",), ("dropout", 0.4), ("dense", 10)]


LSTM = [("rows",), ("lstm", 128), ("dense", 10)]


def basic_blocks(stages, channels, blocks):
    """3x3 basic blocks (He and others 2016); the first of each later stage halves the image and projects the shortcut."""
    layers, before = [], channels
    for stage in range(stages):
        filters = channels << stage
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            main = [("conv", filters, 3, stride, 1), ("bn",), ("relu",), ("conv", filters, 3, 1, 1), ("bn",)]
            shortcut = [] if before == filters else [("conv", filters, 1, stride, 0), ("bn",)]
            layers += [("residual", main, shortcut), ("relu",)]
            before = filters
    return layers


RESNET20 = [("conv", 16, 3, 1, 1), ("bn",), ("relu",), *basic_blocks(3, 16, 3), ("globalavg",), ("flatten",), ("dense", 10)]

RESNET18 = [("conv", 64, 7, 2, 3), ("bn",), ("relu",), ("maxpool", 3, 2, 1), *basic_blocks(4, 64, 2), ("globalavg",),
            ("flatten",), ("dense", 1000)]

# Layers, input as channels x height x width, classes.
NETWORKS = {
    "mlp": (MLP, (1, 28, 28), 10),
    "lenet": (LENET, (1, 28, 28), 10),
    "tfcnn": (TFCNN, (1, 28, 28), 10),
    "resnet20": (RESNET20, (1, 28, 28), 10),
    "lstm": (LSTM, (1, 28, 28), 10),
    "resnet18": (RESNET18, (3, 224, 224), 1000),
}


def network(name):
    if name not in NETWORKS:
        raise SystemExit(f"compare.py: no peer's network for net name={name}")
    return NETWORKS[name]


def convolution_size(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


def output_shape(layer, shape):
    """The shape that a layer makes of one example's, channels first."""
    kind, *settings = layer
    if kind == "conv":
        filters, kernel, stride, padding = settings
        return filters, *(convolution_size(size, kernel, stride, padding) for size in shape[1:])
    if kind == "maxpool":
        return shape[0], *(convolution_size(size, *settings) for size in shape[1:])
    if kind == "globalavg":
        return shape[0], 1, 1
    if kind == "flatten":
        count = 1
        for size in shape:
            count *= size
        return (count,)
    if kind == "rows":
        return shape[1:]
    if kind in ("dense", "lstm"):
        return (settings[0],)
    if kind == "residual":
        for inner in settings[0]:
            shape = output_shape(inner, shape)
    return shape
