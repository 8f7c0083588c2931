#!/usr/bin/env python3
"""Measures Lanewise against its peers, taking turns in one run, and prints the ratios.

Every workload is measured for a fraction of a second, ours and each peer's in turn, several rounds; the best round of
each counts. A ratio above 1 means that ours is faster. Threads are equal on both sides, and nobody computes while
another is measured.

Peers: PyTorch (the best of eager and torch.compile, fused optimizers), ONNX Runtime (inference), and for matrix products
MKL, OpenBLAS, BLIS and PyTorch's own, called from C. What is not installed is left out and named.

First, once:  scripts/peers                               makes the Python environment
Then:         ~/.cache/lanewise-peers/bin/python scripts/compare.py

Examples:
  compare.py --threads 1,2                                everything, on one thread and on two
  compare.py --only gemm --isa avx2                       matrix products, ours capped to AVX2
  compare.py --only "activation kind=tanh" --json         workloads that contain these words, one JSON object a line
"""

import argparse
import glob
import json
import math
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXECUTABLE = os.path.join(ROOT, ".build", "release", "Benchmarks")

WORKLOADS = (
    [f"activation n=100000 kind={kind}" for kind in
     ("relu", "leakyrelu", "elu", "sigmoid", "tanh", "gelu", "silu", "softplus", "exp", "log")]
    + [f"activation n=100000 kind={kind} dir=bwd" for kind in ("relu", "sigmoid", "tanh", "gelu", "silu")]
    + ["softmax rows=128 cols=1000", "softmax rows=100 cols=10", "softmax rows=128 cols=1000 kind=xent",
       "softmax rows=100 cols=10 kind=xent"]
    + [f"update kind={kind} params=1000000" for kind in ("sgd", "momentum", "adam", "adamw")]
    + ["net name=mlp batch=100 mode=train", "net name=mlp batch=1 mode=train", "net name=mlp batch=100 mode=infer",
       "net name=mlp batch=1 mode=infer"]
)

# Longer than the worker threads of PyTorch or ONNX Runtime spin after their last task.
REST = 0.05


def parse(workload):
    """The family and the keys of a workload line."""
    family, *pairs = workload.split()
    return family, dict(pair.split("=", 1) for pair in pairs)


def best_time(body, seconds, shortest_round=1e-4):
    """Seconds one call takes: the best of as many rounds as fit, after a warm-up; the method of Benchmarks/Timing.swift."""
    once = math.inf
    end = time.perf_counter() + seconds / 10
    calls = 0
    while calls < 2 or time.perf_counter() < end:
        start = time.perf_counter()
        body()
        once = min(once, time.perf_counter() - start)
        calls += 1
    calls = max(1, math.ceil(shortest_round / max(once, 1e-9)))
    best, rounds = math.inf, 0
    end = time.perf_counter() + seconds
    while rounds < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            body()
        best = min(best, (time.perf_counter() - start) / calls)
        rounds += 1
    return best


class Ours:
    """`Benchmarks serve` at the other end of a pipe."""

    def __init__(self, arguments):
        command = [EXECUTABLE, "serve", "--threads", str(arguments.threads), "--seconds", str(arguments.seconds)]
        if arguments.isa:
            command += ["--isa", arguments.isa]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def measure(self, workload):
        self.process.stdin.write(workload + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if not answer.get("ok"):
            raise SystemExit(f"compare.py: {workload}: {answer.get('error') or answer.get('wrong')}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# --------------------------------------------------------------------------------------------------------- PyTorch

class Torch:
    """PyTorch's ways of doing a workload: a dictionary of name to body."""

    def __init__(self, threads):
        import torch
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch
        self.name = f"PyTorch {torch.__version__}"

    def bodies(self, family, keys):
        return getattr(self, family, lambda keys: {})(keys)

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

    def update(self, keys):
        torch = self.torch
        p = torch.nn.Parameter(torch.randn(int(keys["params"])))
        p.grad = torch.randn_like(p) * 0.01
        rate = 1e-6
        optimizer = {
            "sgd": lambda: torch.optim.SGD([p], rate, fused=True),
            "momentum": lambda: torch.optim.SGD([p], rate, momentum=0.9, fused=True),
            "adam": lambda: torch.optim.Adam([p], rate, fused=True),
            "adamw": lambda: torch.optim.AdamW([p], rate, fused=True),
        }[keys["kind"]]()
        return {"fused": optimizer.step}

    def net(self, keys):
        torch = self.torch
        model, batch = self.network(keys["name"]), int(keys["batch"])
        x = torch.rand(batch, 784)

        def infer(network):
            def body():
                with torch.inference_mode():
                    network(x)
            return body

        if keys.get("mode", "train") == "infer":
            return {name: infer(way) for name, way in self.ways(model.eval(), x, inference=True).items()}

        labels = torch.randint(10, (batch,))
        optimizer = torch.optim.Adam(model.parameters(), 1e-6, fused=True)

        def loss(x, labels):
            return torch.nn.functional.cross_entropy(model(x), labels)

        def train(loss):
            def body():
                optimizer.zero_grad(set_to_none=True)
                loss(x, labels).backward()
                optimizer.step()
            return body

        return {name: train(way) for name, way in self.ways(loss, x, labels).items()}

    def network(self, name):
        nn = self.torch.nn
        if name != "mlp":
            raise SystemExit(f"compare.py: no PyTorch network for net name={name}")
        return nn.Sequential(nn.Linear(784, 500), nn.ReLU(), nn.Linear(500, 500), nn.ReLU(), nn.Linear(500, 10))

    def ways(self, function, *arguments, inference=False):
        """`function` in eager mode and, where that is possible (it takes a C++ compiler), after torch.compile."""
        torch = self.torch
        try:
            compiled = torch.compile(function)
            with torch.inference_mode(inference):
                compiled(*arguments)
        except Exception as error:  # whatever the compiler throws
            note(f"torch.compile does not work here ({type(error).__name__}); PyTorch is measured in eager mode only")
            return {"eager": function}
        return {"eager": function, "compiled": compiled}


# ---------------------------------------------------------------------------------------------------- ONNX Runtime

class OnnxRuntime:
    """ONNX Runtime's inference of a network, with its input and output bound once."""

    def __init__(self, threads):
        import onnx
        import onnxruntime
        self.onnx, self.runtime, self.threads = onnx, onnxruntime, threads
        self.name = f"ONNX Runtime {onnxruntime.__version__}"

    def bodies(self, family, keys):
        if family != "net" or keys.get("mode", "train") != "infer":
            return {}
        import numpy
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        model = self.network(keys["name"], int(keys["batch"]), numpy)
        session = self.runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        x = numpy.random.default_rng(0).random((int(keys["batch"]), 784), dtype=numpy.float32)
        binding.bind_ortvalue_input("x", self.runtime.OrtValue.ortvalue_from_numpy(x))
        y = self.runtime.OrtValue.ortvalue_from_numpy(numpy.zeros((int(keys["batch"]), 10), numpy.float32))
        binding.bind_ortvalue_output("y", y)
        return {"session": lambda: session.run_with_iobinding(binding)}

    def network(self, name, batch, numpy):
        if name != "mlp":
            raise SystemExit(f"compare.py: no ONNX network for net name={name}")
        helper, real = self.onnx.helper, self.onnx.TensorProto.FLOAT
        random = numpy.random.default_rng(1)
        nodes, weights = [], []
        source, fan_in = "x", 784
        for layer, units in enumerate((500, 500, 10)):
            weight = (random.standard_normal((fan_in, units)) / fan_in ** 0.5).astype(numpy.float32)
            weights.append(self.onnx.numpy_helper.from_array(weight, f"w{layer}"))
            weights.append(self.onnx.numpy_helper.from_array(numpy.zeros(units, numpy.float32), f"b{layer}"))
            target = "y" if units == 10 else f"dense{layer}"
            nodes.append(helper.make_node("Gemm", [source, f"w{layer}", f"b{layer}"], [target]))
            if units != 10:
                nodes.append(helper.make_node("Relu", [target], [f"relu{layer}"]))
            source, fan_in = f"relu{layer}", units
        graph = helper.make_graph(
            nodes, name, [helper.make_tensor_value_info("x", real, [batch, 784])],
            [helper.make_tensor_value_info("y", real, [batch, 10])], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return model.SerializeToString()


# ------------------------------------------------------------------------------------------------------- the contests

def peers(threads):
    """The peers that are installed."""
    found = []
    for peer in (Torch, OnnxRuntime):
        try:
            found.append(peer(threads))
        except ImportError as error:
            note(f"{error.name} is not installed: run scripts/peers and use the Python it makes")
    return found


def contest(ours, workload, rivals, arguments):
    """Best seconds of ours and of every rival's ways, alternating."""
    family, keys = parse(workload)
    bodies = {f"{rival.name} {way}": body for rival in rivals for way, body in rival.bodies(family, keys).items()}
    mine, theirs = math.inf, dict.fromkeys(bodies, math.inf)
    for _ in range(arguments.rounds):
        mine = min(mine, ours.measure(workload)["min"])
        for name, body in bodies.items():
            theirs[name] = min(theirs[name], best_time(body, arguments.seconds))
            time.sleep(REST)
    return mine, theirs


def blas_libraries():
    """Shared libraries with a matrix product: in this Python's environment and on the system."""
    environment = os.path.join(sys.prefix, "lib")
    patterns = {
        "MKL": [f"{environment}/libmkl_rt.so*", f"{environment}/libmkl_rt*.dylib"],
        "OpenBLAS": ["/usr/lib/*/libopenblas.so.0", "/usr/lib64/libopenblas.so.0", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib"],
        "BLIS": ["/usr/lib/*/libblis.so.4", "/usr/lib64/libblis.so.4", "/opt/homebrew/opt/blis/lib/libblis.dylib"],
        "PyTorch": [f"{environment}/python*/site-packages/torch/lib/libtorch_cpu.so"],
    }
    found = {}
    for name, places in patterns.items():
        matches = [path for place in places for path in sorted(glob.glob(place))]
        if matches:
            found[name] = matches[0]
        else:
            note(f"{name} was not found: matrix products are measured without it")
    return found


def gemm_results(arguments):
    """Every shape of `Benchmarks gemm-vs`, which alternates the libraries in one process."""
    libraries = blas_libraries()
    if not libraries:
        return
    command = [EXECUTABLE, "gemm-vs", *libraries.values(), "--json", "--threads", str(arguments.threads),
               "--seconds", str(arguments.seconds * arguments.rounds)]
    if arguments.isa:
        command += ["--isa", arguments.isa]
    names = {os.path.basename(path): name for name, path in libraries.items()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            answer = json.loads(line)
            yield answer["workload"], answer["ours"], {names[file]: answer[file] for file in names}
    if process.returncode != 0:
        raise SystemExit("compare.py: gemm-vs failed")


def results(arguments):
    """Every selected workload: its name, our seconds, and each peer's."""
    def is_selected(workload):
        return not arguments.only or all(word in workload.split() for word in arguments.only.split())

    if not arguments.only or arguments.only.split()[0] == "gemm":
        for result in gemm_results(arguments):
            if is_selected(result[0]):
                yield result
    selected = [workload for workload in WORKLOADS if is_selected(workload)]
    if not selected:
        return
    rivals = peers(arguments.threads)
    ours = Ours(arguments)
    for workload in selected:
        yield workload, *contest(ours, workload, rivals, arguments)
    ours.close()


# ------------------------------------------------------------------------------------------------------------- output

noted = set()


def note(text):
    """Says something on standard error, once."""
    if text not in noted:
        noted.add(text)
        print(f"note: {text}", file=sys.stderr, flush=True)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def readable(seconds):
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * factor >= 1 or unit == "us":
            return f"{seconds * factor:.3g} {unit}"


def report(threads, found, as_json):
    """Prints each result as it comes, then the means of each family."""
    if not as_json:
        print(f"\nthreads {threads}: time of ours, time of the best peer, ratio (above 1: ours is faster)", flush=True)
    ratios = {}
    for workload, mine, theirs in found:
        line = {"workload": workload, "threads": threads, "ours": mine, "peers": theirs}
        if theirs:
            best = min(theirs, key=theirs.get)
            line |= {"best": best, "ratio": theirs[best] / mine}
            ratios.setdefault(workload.split()[0], []).append(line["ratio"])
        if as_json:
            print(json.dumps(line), flush=True)
        elif theirs:
            print(f"  {workload:40} {readable(mine):>10} {readable(theirs[best]):>10} {line['ratio']:7.2f}  {best}", flush=True)
        else:
            print(f"  {workload:40} {readable(mine):>10}            no peer", flush=True)
    if as_json:
        return
    for family, values in ratios.items():
        print(f"  {family + ': geometric mean':40} {geometric_mean(values):29.2f}  lowest {min(values):.2f}")


def arguments():
    parser = argparse.ArgumentParser(
        prog="compare.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default=str(os.cpu_count()), help="one number or several: 1,2 (default: all cores)")
    parser.add_argument("--only", metavar="WORDS", help="workloads that contain all these words: a family, a KEY=VALUE")
    parser.add_argument("--isa", choices=("scalar", "avx2", "avx512", "neon"), help="a cap on our instruction set")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each competitor (default 5)")
    parser.add_argument("--seconds", type=float, default=0.1, help="measuring time a turn (default 0.1)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, every peer's time in it")
    parser.add_argument("--no-build", action="store_true", help="use the executable that is there")
    return parser.parse_args()


def thread_counts(text):
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = [0]
    if min(counts) < 1:
        raise SystemExit(f"compare.py: --threads {text}: expected numbers of threads, such as 1,2")
    return counts


def main():
    options = arguments()
    counts = thread_counts(options.threads)
    if not options.no_build:
        subprocess.run(["swift", "build", "-c", "release", "--product", "Benchmarks"], cwd=ROOT, check=True, stdout=sys.stderr)
    if len(counts) > 1:
        # A process of its own for each: PyTorch builds the number of threads into what it compiles.
        for count in counts:
            command = [sys.executable, __file__, *sys.argv[1:], "--no-build", "--threads", str(count)]
            subprocess.run(command, check=True)
        return
    options.threads = counts[0]
    report(options.threads, results(options), options.json)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
