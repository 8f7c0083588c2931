"""PyTorch's ways of doing a workload."""

from compare.networks import network
from compare.timing import note


class Torch:
    """`bodies` is a dictionary of the way's name to what is timed; several ways: the best counts."""

    def __init__(self, threads, compiles=True):
        import torch
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch
        self.compiles = compiles
        self.layouts = {"": torch.contiguous_format, ", channels last": torch.channels_last}
        self.name = f"PyTorch {torch.__version__}"

    def bodies(self, family, keys):
        if hasattr(self.torch, "_dynamo"):
            # What was compiled for other shapes must not lead to code for any shape.
            self.torch._dynamo.reset()
        return getattr(self, family, lambda keys: {})(keys)

    def ways(self, function, *arguments, suffix="", inference=False):
        """`function` in eager mode and, where that is possible (it takes a C++ compiler), after torch.compile."""
        torch = self.torch
        eager = {"eager" + suffix: function}
        if not self.compiles:
            return eager
        try:
            compiled = torch.compile(function)
            with torch.inference_mode(inference):
                compiled(*arguments)
        except Exception as error:  # whatever the compiler throws
            note(f"torch.compile does not work here ({type(error).__name__}); PyTorch is measured in eager mode only")
            return eager
        return eager | {"compiled" + suffix: compiled}

    # ------------------------------------------------------------------------------------------------- elements and rows

    def activation(self, keys):
        torch, aten = self.torch, self.torch.ops.aten
        x = torch.rand(int(keys["n"])) * 8 - 4
        kind = keys["kind"]
        if kind == "log":
            x = x.abs() + 0.1
        y, dy, dx = torch.empty_like(x), torch.randn_like(x), torch.empty_like(x)
        forward = {
            "relu": lambda: aten.relu.out(x, out=y), "leakyrelu": lambda: aten.leaky_relu.out(x, 0.01, out=y),
            "elu": lambda: aten.elu.out(x, out=y), "sigmoid": lambda: torch.sigmoid(x, out=y),
            "tanh": lambda: torch.tanh(x, out=y), "gelu": lambda: aten.gelu.out(x, out=y),
            "silu": lambda: aten.silu.out(x, out=y), "softplus": lambda: aten.softplus.out(x, out=y),
            "selu": lambda: aten.elu.out(x, 1.67326324, 1.05070098, 1, out=y), "relu6": lambda: aten.hardtanh.out(x, 0, 6, out=y),
            "hardsigmoid": lambda: aten.hardsigmoid.out(x, out=y), "hardswish": lambda: aten.hardswish.out(x, out=y),
            "mish": lambda: aten.mish.out(x, out=y), "softsign": lambda: torch.nn.functional.softsign(x),
            "exp": lambda: torch.exp(x, out=y), "log": lambda: torch.log(x, out=y),
        }
        backward = {
            "relu": lambda: aten.threshold_backward.grad_input(dy, y, 0, grad_input=dx),
            "leakyrelu": lambda: aten.leaky_relu_backward.grad_input(dy, y, 0.01, True, grad_input=dx),
            "elu": lambda: aten.elu_backward.grad_input(dy, 1, 1, 1, True, y, grad_input=dx),
            "sigmoid": lambda: aten.sigmoid_backward.grad_input(dy, y, grad_input=dx),
            "tanh": lambda: aten.tanh_backward.grad_input(dy, y, grad_input=dx),
            "gelu": lambda: aten.gelu_backward.grad_input(dy, x, grad_input=dx),
            "silu": lambda: aten.silu_backward.grad_input(dy, x, grad_input=dx),
            "softplus": lambda: aten.softplus_backward.grad_input(dy, x, 1, 20, grad_input=dx),
        }
        forward[kind]()
        return {"eager": forward[kind] if keys.get("dir", "fwd") == "fwd" else backward[kind]}

    def softmax(self, keys):
        torch, aten = self.torch, self.torch.ops.aten
        rows, cols = int(keys["rows"]), int(keys["cols"])
        x = torch.randn(rows, cols)
        if keys.get("kind", "softmax") == "softmax":
            y = torch.empty_like(x)
            return {"eager": lambda: torch.softmax(x, 1, out=y)}
        labels = torch.randint(cols, (rows,))
        log_p, d_log_p, dx = torch.empty_like(x), torch.empty_like(x), torch.empty_like(x)
        one = torch.ones(())

        def operators():
            aten._log_softmax.out(x, 1, False, out=log_p)
            _, total = aten.nll_loss_forward(log_p, labels, None, 1, -100)
            aten.nll_loss_backward.grad_input(one, log_p, labels, None, 1, -100, total, grad_input=d_log_p)
            aten._log_softmax_backward_data.out(d_log_p, log_p, 1, torch.float32, out=dx)

        def closed_form(x, labels):
            log_p = torch.log_softmax(x, 1)
            loss = -log_p.gather(1, labels[:, None]).mean()
            target = torch.zeros_like(x).scatter_(1, labels[:, None], 1.0)
            return loss, (log_p.exp() - target) / rows

        ways = self.ways(closed_form, x, labels)
        return {"operators": operators, **{name: lambda way=way: way(x, labels) for name, way in ways.items()}}

    def norm(self, keys):
        torch, aten = self.torch, self.torch.ops.aten
        rows, cols = int(keys["rows"]), int(keys["cols"])
        x, dy = torch.randn(rows, cols), torch.randn(rows, cols)
        gamma, beta = torch.rand(cols) + 0.5, torch.randn(cols)
        is_layer, epsilon = keys["kind"] == "layernorm", 1e-5
        if keys.get("dir", "fwd") == "fwd":
            def forward(x):
                if is_layer:
                    return aten.native_layer_norm(x, [cols], gamma, beta, epsilon)
                return torch.nn.functional.rms_norm(x, [cols], gamma, epsilon)

            return {name: self.without_gradients(way, x) for name, way in self.ways(forward, x, inference=True).items()}
        if is_layer:
            _, mean, deviation = aten.native_layer_norm(x, [cols], gamma, beta, epsilon)

            def backward(x, dy):
                return aten.native_layer_norm_backward(dy, x, [cols], mean, deviation, gamma, beta, [True, True, True])
        else:
            # PyTorch has no operator for it on the CPU: what autograd would compute, written out.
            inverse = (x.square().mean(1, keepdim=True) + epsilon).rsqrt()

            def backward(x, dy):
                u, g = x * inverse, dy * gamma
                return inverse * (g - u * (g * u).mean(1, keepdim=True)), (dy * u).sum(0)
        return {name: lambda way=way: way(x, dy) for name, way in self.ways(backward, x, dy).items()}

    def recurrent(self, keys):
        torch, nn = self.torch, self.torch.nn
        steps, batch = int(keys.get("steps", 1)), int(keys.get("batch", 1))
        features, hidden, kind = int(keys["input"]), int(keys["hidden"]), keys["kind"]
        if keys.get("mode", "sequence") == "step":
            return self.recurrent_step(kind, batch, features, hidden)
        bodies = {}
        # PyTorch's own layout is time-major.
        for suffix, batch_first in (("", True), (", time-major", False)):
            layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind](features, hidden, batch_first=batch_first)
            x = torch.randn(*((batch, steps) if batch_first else (steps, batch)), features)
            if keys.get("dir", "fwd") == "fwd":
                bodies["eager" + suffix] = self.without_gradients(layer, x)
                continue
            x.requires_grad_(True)
            inputs, dy = [x, *layer.parameters()], torch.randn_like(layer(x)[0])
            bodies["eager" + suffix] = (
                lambda layer=layer, x=x, inputs=inputs, dy=dy: torch.autograd.grad(layer(x)[0], inputs, dy))
        return bodies

    def recurrent_step(self, kind, batch, features, hidden):
        """One step that goes on from the state of the last."""
        torch, nn = self.torch, self.torch.nn
        layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind](features, hidden)
        cell = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}[kind](features, hidden)
        x = torch.randn(batch, features)
        first = torch.zeros(batch, hidden)

        def running(step, state):
            state = [state]

            def body():
                with torch.inference_mode():
                    state[0] = step(state[0])
            return body

        pair = (lambda state: (state, state)) if kind == "lstm" else (lambda state: state)
        ways = {"layer": running(lambda state: layer(x[None], state)[1], pair(first[None]))}
        for name, way in self.ways(cell, x, pair(first), inference=True).items():
            ways[f"cell, {name}"] = running(lambda state, way=way: way(x, state), pair(first))
        return ways

    def update(self, keys):
        torch = self.torch
        p = torch.nn.Parameter(torch.randn(int(keys["params"])))
        p.grad = torch.randn_like(p) * 0.01
        rate = 1e-6
        make = {
            "sgd": lambda **how: torch.optim.SGD([p], rate, **how),
            "momentum": lambda **how: torch.optim.SGD([p], rate, momentum=0.9, **how),
            "adagrad": lambda **how: torch.optim.Adagrad([p], rate, **how),
            "adadelta": lambda **how: torch.optim.Adadelta([p], rate, **how),
            "rmsprop": lambda **how: torch.optim.RMSprop([p], rate, alpha=0.9, **how),
            "adam": lambda **how: torch.optim.Adam([p], rate, **how),
            "adamw": lambda **how: torch.optim.AdamW([p], rate, **how),
        }[keys["kind"]]
        # Fused where PyTorch has it; for the others over lists of tensors, too.
        other = "foreach" if keys["kind"] in ("adadelta", "rmsprop") else "fused"
        return {other: make(**{other: True}).step} | self.ways(make(foreach=False).step)

    # -------------------------------------------------------------------------------------------------------------- images

    def conv2d(self, keys):
        bodies = {}
        for suffix, layout in self.layouts.items():
            bodies |= self.convolution(keys, suffix, layout)
        return bodies

    def convolution(self, keys, suffix, layout):
        torch, aten = self.torch, self.torch.ops.aten
        n, h, w, c, k, r, s = (int(keys[name]) for name in "nhwckrs")
        stride, pad, dilation = ([int(keys.get(name, default))] * 2 for name, default in
                                 (("stride", 1), ("pad", 0), ("dilation", 1)))
        groups, epilogue = int(keys.get("groups", 1)), keys.get("epilogue", "none")
        x = torch.randn(n, c, h, w).to(memory_format=layout)
        weight = torch.randn(k, c // groups, r, s).to(memory_format=layout)
        bias = None if epilogue == "none" else torch.randn(k)
        direction = keys.get("dir", "fwd")
        if direction != "fwd":
            dy = torch.nn.functional.conv2d(x, weight, None, stride, pad, dilation, groups)
            wanted = [direction == "bwd_data", direction == "bwd_weights", False]
            return {"eager" + suffix: lambda: aten.convolution_backward(
                dy, x, weight, None, stride, pad, dilation, False, [0, 0], groups, wanted)}

        def eager():
            with torch.inference_mode():
                y = torch.nn.functional.conv2d(x, weight, bias, stride, pad, dilation, groups)
                return y.relu_() if epilogue == "bias+relu" else y

        if keys.get("prepacked", "0") == "0":
            return {"eager" + suffix: eager}
        # What torch.compile with frozen weights calls.
        mkldnn = torch.ops.mkldnn
        packed = mkldnn._reorder_convolution_weight(weight, pad, stride, dilation, groups, list(x.shape))
        after = "relu" if epilogue == "bias+relu" else "none"

        def prepacked():
            with torch.inference_mode():
                return mkldnn._convolution_pointwise(x, packed, bias, pad, stride, dilation, groups, after, [None], "")

        return {"eager" + suffix: eager, "prepacked" + suffix: prepacked}

    def bnrelu(self, keys):
        bodies = {}
        for suffix, layout in self.layouts.items():
            bodies |= self.batch_norm(keys, suffix, layout)
        return bodies

    def batch_norm(self, keys, suffix, layout):
        torch, aten = self.torch, self.torch.ops.aten
        n, h, w, c = (int(keys[name]) for name in "nhwc")
        relu = keys.get("relu", "1") == "1"
        is_training, is_backward = keys.get("mode", "train") == "train", keys.get("dir", "fwd") == "bwd"
        x = torch.randn(n, c, h, w).to(memory_format=layout)
        gamma, beta, mean, variance = torch.rand(c) + 0.5, torch.randn(c), torch.zeros(c), torch.ones(c)
        y, dx = torch.empty_like(x), torch.empty_like(x)
        saved_mean, saved_deviation = torch.empty(c if is_training else 0), torch.empty(c if is_training else 0)

        def operators():
            aten.native_batch_norm.out(
                x, gamma, beta, mean, variance, is_training, 0.1, 1e-5, out=y, save_mean=saved_mean, save_invstd=saved_deviation)
            return y.relu_() if relu else y

        def function(x):
            y = torch.nn.functional.batch_norm(x, mean, variance, gamma, beta, is_training, 0.1, 1e-5)
            return torch.relu_(y) if relu else y

        if not is_backward:
            ways = self.ways(function, x, suffix=suffix, inference=not is_training)
            ways.pop("eager" + suffix)
            return {"operators" + suffix: operators, **{name: self.without_gradients(way, x) for name, way in ways.items()}}
        operators()
        dy = torch.randn_like(x)

        def gradient(dy, y, x):
            masked = aten.threshold_backward(dy, y, 0) if relu else dy
            return aten.native_batch_norm_backward(
                masked, x, gamma, mean, variance, saved_mean, saved_deviation, True, 1e-5, [True, True, True])

        def gradient_operators():
            masked = aten.threshold_backward.grad_input(dy, y, 0, grad_input=dx) if relu else dy
            return aten.native_batch_norm_backward(
                masked, x, gamma, mean, variance, saved_mean, saved_deviation, True, 1e-5, [True, True, True])

        ways = self.ways(gradient, dy, y, x, suffix=suffix)
        ways.pop("eager" + suffix)
        return {"operators" + suffix: gradient_operators, **{name: lambda way=way: way(dy, y, x) for name, way in ways.items()}}

    def without_gradients(self, function, *arguments):
        torch = self.torch

        def body():
            with torch.inference_mode():
                function(*arguments)
        return body

    def pool(self, keys):
        bodies = {}
        for suffix, layout in self.layouts.items():
            bodies["eager" + suffix] = self.pooling(keys, layout)
        return bodies

    def pooling(self, keys, layout):
        torch, aten = self.torch, self.torch.ops.aten
        n, h, w, c = (int(keys[name]) for name in "nhwc")
        kind, is_backward = keys.get("kind", "max"), keys.get("dir", "fwd") == "bwd"
        x = torch.randn(n, c, h, w).to(memory_format=layout)
        if kind == "globalavg":
            if not is_backward:
                return lambda: torch.mean(x, (2, 3))
            dy = torch.randn(n, c)
            dx = torch.empty_like(x)
            return lambda: dx.copy_((dy / (h * w))[:, :, None, None].expand_as(x))
        size, stride, pad = [int(keys["r"]), int(keys["s"])], [int(keys["stride"])] * 2, [int(keys.get("pad", 0))] * 2
        if kind == "max":
            y, indices = aten.max_pool2d_with_indices(x, size, stride, pad)
            if not is_backward:
                return lambda: aten.max_pool2d_with_indices.out(x, size, stride, pad, out=y, indices=indices)
            dx = torch.empty_like(x)
            return lambda: aten.max_pool2d_with_indices_backward.grad_input(
                y, x, size, stride, pad, [1, 1], False, indices, grad_input=dx)
        y = aten.avg_pool2d(x, size, stride, pad)
        if not is_backward:
            return lambda: aten.avg_pool2d.out(x, size, stride, pad, out=y)
        dx = torch.empty_like(x)
        return lambda: aten.avg_pool2d_backward.grad_input(y, x, size, stride, pad, False, True, None, grad_input=dx)

    # ------------------------------------------------------------------------------------------------------------ networks

    def net(self, keys):
        torch = self.torch
        layers, shape, classes = network(keys["name"])
        batch = int(keys["batch"])
        layouts = self.layouts if any(layer[0] == "conv" for layer in layers) else {"": torch.contiguous_format}
        bodies = {}
        for suffix, layout in layouts.items():
            model = self.module(layers, shape).to(memory_format=layout)
            x = torch.rand(batch, *shape).to(memory_format=layout)
            if keys.get("mode", "train") == "infer":
                bodies |= self.inference(model.eval(), x, suffix)
            else:
                bodies |= self.training(model, x, torch.randint(classes, (batch,)), suffix)
        return bodies

    def inference(self, model, x, suffix):
        torch = self.torch
        if self.compiles:
            import torch._inductor.config as inductor
            inductor.freezing = True  # weights become constants: batch norm is folded, filters are packed
        with torch.inference_mode():
            ways = self.ways(model, x, suffix=suffix, inference=True)
        return {name: self.without_gradients(way, x) for name, way in ways.items()}

    def training(self, model, x, labels, suffix):
        torch = self.torch
        if self.compiles:
            import torch._inductor.config as inductor
            inductor.freezing = False
        optimizer = torch.optim.Adam(model.parameters(), 1e-6, fused=True)

        def loss(x, labels):
            return torch.nn.functional.cross_entropy(model(x), labels)

        def train(loss):
            def body():
                optimizer.zero_grad(set_to_none=True)
                loss(x, labels).backward()
                optimizer.step()
            return body

        return {name: train(way) for name, way in self.ways(loss, x, labels, suffix=suffix).items()}

    def module(self, layers, shape):
        """The network as a module; `shape` is that of one example."""
        from compare.networks import output_shape
        nn = self.torch.nn

        class Residual(nn.Module):
            def __init__(self, main, shortcut):
                super().__init__()
                self.main, self.shortcut = main, shortcut

            def forward(self, x):
                return self.main(x) + self.shortcut(x)

        class Last(nn.Module):
            """The last output of a recurrent layer."""

            def __init__(self, layer):
                super().__init__()
                self.layer = layer

            def forward(self, x):
                return self.layer(x)[0][:, -1]

        modules = []
        for position, layer in enumerate(layers):
            kind, *settings = layer
            if kind == "conv":
                has_bias = layers[position + 1:position + 2] != [("bn",)]
                modules.append(nn.Conv2d(shape[0], *settings[:3], padding=settings[3], bias=has_bias))
            elif kind == "bn":
                modules.append(nn.BatchNorm2d(shape[0]))
            elif kind == "relu":
                modules.append(nn.ReLU(inplace=True))
            elif kind == "maxpool":
                modules.append(nn.MaxPool2d(*settings))
            elif kind == "globalavg":
                modules.append(nn.AdaptiveAvgPool2d(1))
            elif kind == "flatten":
                modules.append(nn.Flatten())
            elif kind == "rows":
                modules.append(nn.Flatten(1, 2))
            elif kind == "lstm":
                modules.append(Last(nn.LSTM(shape[1], settings[0], batch_first=True)))
            elif kind == "dense":
                modules.append(nn.Linear(shape[0], settings[0]))
            elif kind == "dropout":
                modules.append(nn.Dropout(settings[0]))
            elif kind == "residual":
                modules.append(Residual(*(self.module(inner, shape) for inner in settings)))
            shape = output_shape(layer, shape)
        return nn.Sequential(*modules)
