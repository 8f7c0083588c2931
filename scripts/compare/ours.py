"""Our side: the Benchmarks executable."""

import glob
import json
import os
import subprocess
import sys

from compare.timing import note

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXECUTABLE = os.path.join(ROOT, ".build", "release", "Benchmarks")


def build():
    subprocess.run(["swift", "build", "-c", "release", "--product", "Benchmarks"], cwd=ROOT, check=True, stdout=sys.stderr)


def command(words, arguments, seconds):
    result = [EXECUTABLE, *words, "--json", "--threads", str(arguments.threads), "--seconds", str(seconds)]
    return result + (["--isa", arguments.isa] if arguments.isa else [])


class Ours:
    """`Benchmarks serve` at the other end of a pipe."""

    def __init__(self, arguments):
        self.process = subprocess.Popen(
            command(["serve"], arguments, arguments.seconds), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def measure(self, workload):
        self.process.stdin.write(workload + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "Benchmarks has ended"}')
        if not answer.get("ok"):
            raise SystemExit(f"compare.py: {workload}: {answer.get('error') or answer.get('wrong')}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def blas_libraries():
    """Shared libraries with a matrix product: in this Python's environment and on the system."""
    environment = os.path.join(sys.prefix, "lib")
    patterns = {
        "MKL": [f"{environment}/libmkl_rt.so*", f"{environment}/libmkl_rt*.dylib"],
        "OpenBLAS": ["/usr/lib/*/libopenblas.so.0", "/usr/lib64/libopenblas.so.0",
                     "/opt/homebrew/opt/openblas/lib/libopenblas.dylib"],
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
    """Every shape of `Benchmarks gemm-vs`, which alternates the libraries in one process: workload, ours, peers."""
    libraries = blas_libraries()
    if not libraries:
        return
    names = {os.path.basename(path): name for name, path in libraries.items()}
    words = ["gemm-vs", *libraries.values()]
    with subprocess.Popen(
            command(words, arguments, arguments.seconds * arguments.rounds), stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            answer = json.loads(line)
            yield answer["workload"], answer["ours"], {names[file]: answer[file] for file in names}
    if process.returncode != 0:
        raise SystemExit("compare.py: gemm-vs failed")
