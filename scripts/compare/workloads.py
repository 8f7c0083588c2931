"""What is measured: groups of workload lines, and suites of groups. Geometric means are taken over groups."""


def parse(workload):
    """The family and the keys of a workload line."""
    family, *pairs = workload.split()
    return family, dict(pair.split("=", 1) for pair in pairs)


def conv(n, size, c, k, r, stride=1, pad=None, **keys):
    """A convolution of square images and kernels; padding keeps the size unless it is given."""
    pad = r // 2 if pad is None else pad
    line = f"conv2d n={n} h={size} w={size} c={c} k={k} r={r} s={r}"
    keys = {"stride": stride, "pad": pad, **keys}
    defaults = {"stride": 1, "pad": 0, "groups": 1}
    return line + "".join(f" {key}={value}" for key, value in keys.items() if defaults.get(key) != value)


# Layers of networks for 224x224 images: (size, channels, filters, kernel, stride).
RESNET_3X3 = [(56, 64, 64, 3, 1), (28, 128, 128, 3, 1), (14, 256, 256, 3, 1), (7, 512, 512, 3, 1)]
VGG_3X3 = [(224, 3, 64, 3, 1), (224, 64, 64, 3, 1), (112, 64, 128, 3, 1), (112, 128, 128, 3, 1), (56, 128, 256, 3, 1),
           (56, 256, 256, 3, 1), (28, 256, 512, 3, 1), (28, 512, 512, 3, 1), (14, 512, 512, 3, 1)]
RESNET_3X3_STRIDE_2 = [(56, 64, 128, 3, 2), (28, 128, 256, 3, 2), (14, 256, 512, 3, 2),
                       (56, 128, 128, 3, 2), (28, 256, 256, 3, 2), (14, 512, 512, 3, 2)]
RESNET_1X1 = [(56, 64, 64, 1, 1), (56, 64, 256, 1, 1), (56, 256, 64, 1, 1), (56, 256, 128, 1, 1), (28, 128, 512, 1, 1),
              (28, 512, 128, 1, 1), (28, 512, 256, 1, 1), (14, 256, 1024, 1, 1), (14, 1024, 256, 1, 1),
              (14, 1024, 512, 1, 1), (7, 512, 2048, 1, 1), (7, 2048, 512, 1, 1),
              (56, 64, 128, 1, 2), (56, 256, 512, 1, 2), (28, 512, 1024, 1, 2), (14, 1024, 2048, 1, 2)]
RESNET_7X7 = [(224, 3, 64, 7, 2)]
# MobileNet v1: (size, channels, stride) of the depthwise layers, (size, channels, filters) of those between them.
MOBILENET_DEPTHWISE = [(112, 32, 1), (112, 64, 2), (56, 128, 1), (56, 128, 2), (28, 256, 1), (28, 256, 2), (14, 512, 1),
                       (14, 512, 2)]
MOBILENET_POINTWISE = [(112, 32, 64), (56, 64, 128), (56, 128, 128), (28, 128, 256), (28, 256, 256), (14, 256, 512),
                       (14, 512, 512), (7, 512, 1024), (7, 1024, 1024)]

FORWARD_BATCHES = (1, 8)
# Training: the layers that cost most, and one of each kind.
BACKWARD = [*RESNET_3X3, (56, 128, 256, 3, 1), *RESNET_3X3_STRIDE_2[:3], (56, 64, 256, 1, 1), (28, 512, 128, 1, 1),
            (14, 256, 1024, 1, 1), (7, 2048, 512, 1, 1), (56, 256, 512, 1, 2)]


def forward(layers):
    return [conv(n, *layer) for n in FORWARD_BATCHES for layer in layers]


def batchnorm(**keys):
    shapes = [(32, 56, 56, 64), (8, 28, 28, 128), (100, 28, 28, 16)]
    tail = "".join(f" {key}={value}" for key, value in keys.items())
    return [f"bnrelu n={n} h={h} w={w} c={c}{tail}" for n, h, w, c in shapes]


POOL = [f"pool {shape}{direction}" for direction in ("", " dir=bwd")
        for shape in ("n=100 h=28 w=28 c=32 r=2 s=2 stride=2", "n=8 h=112 w=112 c=64 r=3 s=3 stride=2 pad=1",
                      "n=100 h=28 w=28 c=32 r=2 s=2 stride=2 kind=avg", "n=8 h=7 w=7 c=512 kind=globalavg")]

RECURRENT = ["steps=28 batch=100 input=28 hidden=128", "steps=64 batch=32 input=256 hidden=256"]


def recurrent(direction):
    return [f"recurrent kind={kind} {sizes}{direction}" for kind in ("lstm", "gru") for sizes in RECURRENT]


GROUPS = {
    # Matrix products are a program of their own (see `gemm` in contest.py).
    "gemm": [],
    "activation": (
        [f"activation n=100000 kind={kind}" for kind in
         ("relu", "leakyrelu", "elu", "sigmoid", "tanh", "gelu", "silu", "softplus", "exp", "log")]
        + [f"activation n=100000 kind={kind} dir=bwd" for kind in ("relu", "sigmoid", "tanh", "gelu", "silu")]),
    "softmax": ["softmax rows=128 cols=1000", "softmax rows=100 cols=10", "softmax rows=128 cols=1000 kind=xent",
                "softmax rows=100 cols=10 kind=xent"],
    "update": [f"update kind={kind} params=1000000" for kind in
               ("sgd", "momentum", "adagrad", "adadelta", "rmsprop", "adam", "adamw")],
    "mlp": [f"net name=mlp batch={batch} mode={mode}" for mode in ("train", "infer") for batch in (100, 1)],
    "conv-3x3": forward(RESNET_3X3 + VGG_3X3),
    "conv-1x1": forward(RESNET_1X1),
    "conv-7x7": forward(RESNET_7X7),
    "conv-3x3-stride-2": forward(RESNET_3X3_STRIDE_2),
    "conv-prepacked": [conv(1, *layer, epilogue="bias+relu", prepacked=1)
                       for layer in RESNET_3X3 + RESNET_3X3_STRIDE_2[:3] + RESNET_1X1[:4] + RESNET_7X7],
    "conv-backward-data": [conv(8, *layer, dir="bwd_data") for layer in BACKWARD],
    "conv-backward-weights": [conv(8, *layer, dir="bwd_weights") for layer in BACKWARD + RESNET_7X7],
    "depthwise": [conv(n, size, c, c, 3, stride, groups=c)
                  for n in FORWARD_BATCHES for size, c, stride in MOBILENET_DEPTHWISE],
    "depthwise-backward": [conv(8, size, c, c, 3, stride, groups=c, dir=direction)
                           for direction in ("bwd_data", "bwd_weights") for size, c, stride in MOBILENET_DEPTHWISE[::2]],
    "pointwise": [conv(n, size, c, k, 1) for n in FORWARD_BATCHES for size, c, k in MOBILENET_POINTWISE],
    "bnrelu-train": batchnorm() + batchnorm(dir="bwd"),
    "bnrelu-infer": batchnorm(mode="infer"),
    "pool": POOL,
    "norm": [f"norm rows=1024 cols=768 kind={kind}{direction}" for kind in ("layernorm", "rmsnorm")
             for direction in ("", " dir=bwd")],
    "net-train": [f"net name={name} batch=100 mode=train" for name in ("lenet", "tfcnn", "resnet20")],
    "net-infer": ["net name=resnet18 batch=1 mode=infer", "net name=resnet18 batch=8 mode=infer",
                  *(f"net name={name} batch=100 mode=infer" for name in ("lenet", "tfcnn", "resnet20"))],
    "net-infer-small": [f"net name=resnet20 batch={batch} mode=infer" for batch in (1, 2, 4, 8)],
    "recurrent": recurrent(""),
    "recurrent-train": recurrent(" dir=train"),
    "recurrent-step": [f"recurrent kind={kind} input=256 hidden=256 mode=step" for kind in ("lstm", "gru")],
    "lstm": [f"net name=lstm batch=100 mode={mode}" for mode in ("train", "infer")],
    # Peak memory of whole processes, not time.
    "memory": ["net name=resnet18 batch=1 mode=infer"],
}

SUITES = {
    "foundation": ["gemm", "activation", "softmax", "update", "mlp"],
    "conv": [name for name in GROUPS if name.startswith(("conv", "depthwise", "pointwise", "bnrelu", "pool", "norm", "net"))]
    + ["memory"],
    "recurrent": ["recurrent", "recurrent-train", "recurrent-step", "lstm"],
    "all": list(GROUPS),
}


def groups_of(names):
    """The groups that a comma-separated list of suites and groups stands for, each once."""
    chosen = []
    for name in names.split(","):
        if name not in SUITES and name not in GROUPS:
            raise SystemExit(f"compare.py: --suite {name}: expected one of {' '.join(SUITES)}, or a group: {' '.join(GROUPS)}")
        chosen += [group for group in SUITES.get(name, [name]) if group not in chosen]
    return chosen
