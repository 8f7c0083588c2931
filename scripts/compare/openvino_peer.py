"""OpenVINO's inference, one stream, tuned for latency, in float32. Networks and layers come as ONNX Runtime's do."""

from compare.onnx_peer import OnnxRuntime


class OpenVINO(OnnxRuntime):
    def __init__(self, threads, compiles=True):
        super().__init__(threads, compiles)
        import openvino
        self.openvino = openvino
        self.name = f"OpenVINO {openvino.__version__.split('-')[0]}"

    def body(self, graph):
        core = self.openvino.Core()
        model = core.compile_model(core.read_model(graph.model(), b""), "CPU", {
            "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(self.threads), "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY"})
        request = model.create_infer_request()
        x = self.numpy.random.default_rng(0).random(graph.input_shape, dtype=self.numpy.float32)
        request.set_input_tensor(self.openvino.Tensor(x, shared_memory=False))
        return request.infer
