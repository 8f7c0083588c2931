"""ONNX Runtime's inference, with inputs and outputs bound beforehand."""

from compare.networks import network, output_shape


class OnnxRuntime:
    def __init__(self, threads, compiles=True):
        import numpy
        import onnx
        import onnxruntime
        self.numpy, self.onnx, self.runtime, self.threads = numpy, onnx, onnxruntime, threads
        self.name = f"ONNX Runtime {onnxruntime.__version__}"

    def bodies(self, family, keys):
        if keys.get("dir", "fwd") != "fwd" or keys.get("mode", "infer" if family != "net" else "train") == "train":
            return {}
        make = {"net": self.net, "conv2d": self.conv2d, "bnrelu": self.bnrelu, "pool": self.pool, "norm": self.norm}.get(family)
        # A batch norm without a mode is one in training.
        if make is None or (family == "bnrelu" and "mode" not in keys):
            return {}
        graph = make(keys)
        return {"session": self.body(graph)} if graph else {}

    def net(self, keys):
        layers, shape, _ = network(keys["name"])
        if ("rows",) in layers:
            return None
        graph = Graph(self, (int(keys["batch"]), *shape))
        graph.add_layers(layers)
        return graph

    def conv2d(self, keys):
        n, h, w, c, k, r, s = (int(keys[name]) for name in "nhwckrs")
        groups, epilogue = int(keys.get("groups", 1)), keys.get("epilogue", "none")
        graph = Graph(self, (n, c, h, w))
        graph.add_convolution(
            k, (r, s), int(keys.get("stride", 1)), int(keys.get("pad", 0)), groups=groups, dilation=int(keys.get("dilation", 1)),
            has_bias=epilogue != "none")
        if epilogue == "bias+relu":
            graph.add("Relu")
        return graph

    def bnrelu(self, keys):
        graph = Graph(self, tuple(int(keys[name]) for name in "nchw"))
        graph.add_batch_norm()
        if keys.get("relu", "1") == "1":
            graph.add("Relu")
        return graph

    def pool(self, keys):
        graph = Graph(self, tuple(int(keys[name]) for name in "nchw"))
        kind = keys.get("kind", "max")
        if kind == "globalavg":
            graph.add("GlobalAveragePool", shape=(*graph.shape[:2], 1, 1))
        else:
            size, stride, pad = (int(keys["r"]), int(keys["s"])), int(keys["stride"]), int(keys.get("pad", 0))
            graph.add_pool("MaxPool" if kind == "max" else "AveragePool", size, stride, pad)
        return graph

    def norm(self, keys):
        columns = int(keys["cols"])
        graph = Graph(self, (int(keys["rows"]), columns))
        if keys["kind"] != "layernorm":
            return None
        graph.add("LayerNormalization", [graph.weight((columns,)), graph.weight((columns,))], axis=-1, epsilon=1e-5)
        return graph

    def body(self, graph):
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        session = self.runtime.InferenceSession(graph.model(), options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        value = self.runtime.OrtValue.ortvalue_from_numpy
        x = self.numpy.random.default_rng(0).random(graph.input_shape, dtype=self.numpy.float32)
        binding.bind_ortvalue_input("x", value(x))
        binding.bind_ortvalue_output(graph.value, value(self.numpy.zeros(graph.shape, self.numpy.float32)))
        return lambda: session.run_with_iobinding(binding)


class Graph:
    """An ONNX graph under construction: a chain of nodes from "x" to `value`, whose shape is `shape`."""

    def __init__(self, peer, shape):
        self.numpy, self.onnx = peer.numpy, peer.onnx
        self.random = peer.numpy.random.default_rng(1)
        self.nodes, self.weights = [], []
        self.value, self.shape, self.input_shape = "x", shape, shape

    def weight(self, shape, scale=1.0, offset=0.0):
        name = f"w{len(self.weights)}"
        values = (self.random.standard_normal(shape) * scale + offset).astype(self.numpy.float32)
        self.weights.append(self.onnx.numpy_helper.from_array(values, name))
        return name

    def add(self, kind, more_inputs=(), shape=None, **attributes):
        result = f"v{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, [self.value, *more_inputs], [result], **attributes))
        self.value, self.shape = result, shape or self.shape

    def add_convolution(self, filters, kernel, stride, pad, groups=1, dilation=1, has_bias=True):
        n, channels, *sizes = self.shape
        fan_in = channels // groups * kernel[0] * kernel[1]
        inputs = [self.weight((filters, channels // groups, *kernel), fan_in ** -0.5)]
        if has_bias:
            inputs.append(self.weight((filters,), 0.1))
        reach = [dilation * (size - 1) + 1 for size in kernel]
        sizes = [(size + 2 * pad - k) // stride + 1 for size, k in zip(sizes, reach)]
        self.add("Conv", inputs, shape=(n, filters, *sizes), kernel_shape=kernel, strides=[stride] * 2, pads=[pad] * 4,
                 dilations=[dilation] * 2, group=groups)

    def add_batch_norm(self):
        channels = self.shape[1]
        settings = ((0.1, 1), (0.1, 0), (0.1, 0), (0, 1))  # scale, shift, mean, variance
        self.add("BatchNormalization", [self.weight((channels,), *s) for s in settings], epsilon=1e-5)

    def add_pool(self, kind, size, stride, pad):
        n, channels, *sizes = self.shape
        sizes = [(length + 2 * pad - k) // stride + 1 for length, k in zip(sizes, size)]
        counted = {"count_include_pad": 1} if kind == "AveragePool" else {}
        self.add(kind, shape=(n, channels, *sizes), kernel_shape=size, strides=[stride] * 2, pads=[pad] * 4, **counted)

    def add_layers(self, layers):
        for position, layer in enumerate(layers):
            kind, *settings = layer
            shape = (self.shape[0], *output_shape(layer, self.shape[1:]))
            if kind == "conv":
                filters, size, stride, pad = settings
                has_bias = layers[position + 1:position + 2] != [("bn",)]
                self.add_convolution(filters, (size, size), stride, pad, has_bias=has_bias)
            elif kind == "bn":
                self.add_batch_norm()
            elif kind == "relu":
                self.add("Relu")
            elif kind == "maxpool":
                size, stride, pad = settings
                self.add_pool("MaxPool", (size, size), stride, pad)
            elif kind == "globalavg":
                self.add("GlobalAveragePool", shape=shape)
            elif kind == "flatten":
                self.add("Flatten", shape=shape)
            elif kind == "dense":
                fan_in = self.shape[1]
                inputs = [self.weight((fan_in, settings[0]), fan_in ** -0.5), self.weight((settings[0],), 0.1)]
                self.add("Gemm", inputs, shape=shape)
            elif kind == "residual":
                self.add_residual(*settings)

    def add_residual(self, main, shortcut):
        start, shape = self.value, self.shape
        self.add_layers(shortcut)
        other = self.value
        self.value, self.shape = start, shape
        self.add_layers(main)
        self.add("Add", [other])

    def model(self):
        helper, real = self.onnx.helper, self.onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes, "workload", [helper.make_tensor_value_info("x", real, self.input_shape)],
            [helper.make_tensor_value_info(self.value, real, self.shape)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return model.SerializeToString()
