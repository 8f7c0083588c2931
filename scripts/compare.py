#!/usr/bin/env python3
"""Measures Lanewise against its peers, taking turns in one run, and prints the ratios.

Every workload is measured for a fraction of a second, ours and each peer's in turn, several rounds; the best round of
each counts. A ratio above 1 means that ours is faster. Threads are equal on both sides, and nobody computes while
another is measured.

Peers: PyTorch (the best of eager and torch.compile, of channels first and channels last, fused optimizers), ONNX Runtime
and OpenVINO (inference), and for matrix products MKL, OpenBLAS, BLIS and PyTorch's own, called from C. What is not installed is left
out and named.

First, once:  scripts/peers                               makes the Python environment
Then:         ~/.cache/lanewise-peers/bin/python scripts/compare.py

Examples:
  compare.py --threads 1,2                                everything, on one thread and on two
  compare.py --suite conv                                 convolutions, normalization, pooling, convolutional networks
  compare.py --suite conv-3x3,depthwise                   groups of workloads
  compare.py --suite gemm --isa avx2                      matrix products, ours capped to AVX2
  compare.py --only "activation kind=tanh" --json         workloads that contain these words, one JSON object a line
"""

import argparse
import os
import subprocess
import sys

from compare import ours
from compare.contest import results, run_alone
from compare.report import report
from compare.workloads import GROUPS, SUITES


def arguments():
    parser = argparse.ArgumentParser(
        prog="compare.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default=str(os.cpu_count()), help="one number or several: 1,2 (default: all cores)")
    parser.add_argument("--suite", metavar="NAMES", default="all",
                        help=f"suites ({', '.join(SUITES)}) or groups of workloads ({', '.join(GROUPS)}), with commas between")
    parser.add_argument("--only", metavar="WORDS", help="workloads that contain all these words: a family, a KEY=VALUE")
    parser.add_argument("--isa", choices=("scalar", "avx2", "avx512", "neon"), help="a cap on our instruction set")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each competitor (default 5)")
    parser.add_argument("--seconds", type=float, default=0.1, help="measuring time a turn (default 0.1)")
    parser.add_argument("--no-compile", dest="compile", action="store_false",
                        help="PyTorch without torch.compile, which takes up to a minute a network")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, every peer's time in it")
    parser.add_argument("--no-build", action="store_true", help="use the executable that is there")
    parser.add_argument("--alone", choices=("torch", "onnx"), help=argparse.SUPPRESS)
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
    if options.alone:
        return run_alone(options.alone, options.only, counts[0])
    if not options.no_build:
        ours.build()
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
