#!/usr/bin/env python3
"""Proves that the Python package safetensors reads what lanewise writes, and lanewise what it writes.

    scripts/check-safetensors.py [EXECUTABLE]      default: .build/release/lanewise

Needs numpy and safetensors; where this Python lacks them, makes a virtual environment in .build/python and installs them there.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHAPES = {
    "dense_1/kernel": (784, 500), "dense_1/bias": (500,),
    "dense_2/kernel": (500, 500), "dense_2/bias": (500,),
    "dense_3/kernel": (500, 10), "dense_3/bias": (10,),
}


def reexecute_with_packages():
    """Continues in a virtual environment that has the packages."""
    environment = ROOT / ".build" / "python"
    python = environment / "bin" / "python"
    if pathlib.Path(sys.prefix) == environment:
        sys.exit("check-safetensors: numpy and safetensors cannot be imported even from .build/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "numpy", "safetensors"], check=True)
    sys.exit(subprocess.run([python, __file__, *sys.argv[1:]]).returncode)


try:
    import numpy
    from safetensors import safe_open
    from safetensors.numpy import save_file
except ImportError:
    reexecute_with_packages()


def fnv1a(tensors):
    """FNV-1a-64 over the bytes of the tensors."""
    value = 0xCBF29CE484222325
    for tensor in tensors:
        for byte in tensor.tobytes():
            value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def main():
    lanewise = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/lanewise").resolve()

    def result(*arguments):
        run = subprocess.run([lanewise, *arguments, "--json"], check=True, capture_output=True, text=True)
        return json.loads(run.stdout)

    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = f"{folder}/ours.safetensors", f"{folder}/theirs.safetensors"
        trained = result("train", "--model", "mlp", "--epochs", "1", "--output", ours)

        with safe_open(ours, framework="numpy") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in SHAPES}
            assert set(file.keys()) == set(SHAPES), list(file.keys())
        assert metadata["model"] == "mlp", metadata
        for name, tensor in tensors.items():
            assert tensor.shape == SHAPES[name] and tensor.dtype == numpy.float32, (name, tensor.shape, tensor.dtype)
        assert fnv1a(tensors.values()) == trained["weightsHash"], "Python reads other bits than lanewise wrote"

        # The package orders tensors its own way, and may drop the metadata: neither matters.
        for kept in metadata, None:
            save_file(dict(reversed(tensors.items())), theirs, metadata=kept)
            evaluated = result("evaluate", "--weights", theirs)
            for key in "weightsHash", "testAccuracy", "testLoss":
                assert evaluated[key] == trained[key], (key, evaluated, trained)

        tensors["dense_3/bias"] = tensors["dense_3/bias"].astype(numpy.float16)
        save_file(tensors, theirs)
        refused = subprocess.run([lanewise, "evaluate", "--weights", theirs], capture_output=True, text=True)
        assert refused.returncode == 1 and 'tensor "dense_3/bias": dtype F16; only F32 can be read' in refused.stderr, refused
    print("check-safetensors: both read what the other writes")


main()
