#!/usr/bin/env python3
"""Lists the workloads that a second thread does not make faster.

Every workload of a sweep over sizes is measured on one thread and on two, in turn, several rounds; the best round of each
counts. What takes longer than --least on one thread and is less than --wanted times as fast on two is measured once more,
and listed when that confirms it. No two measurements run at the same time; the machine should be otherwise idle.

Examples:
  scripts/scaling.py                       the whole sweep, about 10 minutes
  scripts/scaling.py --only conv2d,pool    families
  scripts/scaling.py --all --json          every workload's times, one JSON object a line
"""

import argparse
import json
import math
import sys

from compare import ours


def sweep():
    """Workloads from a few microseconds to some hundred, of every family whose work is shared out."""
    for size, channels in ((28, 16), (14, 32), (7, 64), (14, 64), (28, 32), (7, 128), (14, 16), (5, 160)):
        for n in (1, 2, 4):
            square = f"n={n} h={size} w={size} c={channels} k={channels}"
            for prepacked in (0, 1):
                yield f"conv2d {square} r=3 s=3 pad=1 epilogue=bias+relu prepacked={prepacked}"
            yield f"conv2d {square} r=1 s=1 epilogue=bias+relu prepacked=1"
            yield f"conv2d {square} r=3 s=3 pad=1 stride=2 epilogue=bias+relu prepacked=1"
            for direction in ("bwd_data", "bwd_weights"):
                yield f"conv2d {square} r=3 s=3 pad=1 dir={direction}"
                yield f"conv2d {square} r=1 s=1 dir={direction}"
    for size, channels in ((28, 32), (14, 128), (7, 512), (7, 64), (56, 24)):
        for n in (1, 4):
            depthwise = f"conv2d n={n} h={size} w={size} c={channels} k={channels} r=3 s=3 pad=1 groups={channels}"
            for direction in ("fwd", "bwd_data", "bwd_weights"):
                yield f"{depthwise} dir={direction}"
    yield from (f"conv2d n={n} h=28 w=28 c=1 k={k} r=5 s=5{pad}" for n in (1, 4) for k, pad in ((20, ""), (32, " pad=2")))
    for n, size, channels in ((1, 28, 64), (1, 56, 64), (4, 14, 32), (1, 112, 16), (1, 7, 512), (8, 7, 64)):
        image = f"n={n} h={size} w={size} c={channels}"
        for direction in ("", " dir=bwd"):
            yield f"bnrelu {image}{direction}"
            yield f"pool {image} r=2 s=2 stride=2{direction}"
            yield f"pool {image} r=3 s=3 stride=2 pad=1{direction}"
            yield f"pool {image} r=2 s=2 stride=2 kind=avg{direction}"
            yield f"pool {image} r={size} s={size} stride=1 kind=globalavg{direction}"
        yield f"bnrelu {image} mode=infer"
    for m, n, k in ((1, 500, 784), (1, 1000, 2048), (2, 512, 512), (8, 512, 512), (16, 64, 512), (32, 32, 512), (48, 64, 576),
                    (64, 64, 256), (100, 10, 500), (10, 500, 100), (196, 32, 288), (49, 64, 576), (3, 200, 3000),
                    (500, 1, 500), (1, 16, 50000), (17, 17, 4000), (200, 16, 200), (65, 129, 127)):
        for extra in ("", " prepacked=1", " ta=1", " tb=1"):
            yield f"gemm m={m} n={n} k={k}{extra}"
    yield from (f"gemm m={m} n={m} k={m} batch={batch}" for m in (16, 32, 64, 96) for batch in (1, 2, 3, 5, 40))
    for n in (4_000, 10_000, 16_384, 20_000, 40_000, 100_000):
        for kind in ("relu", "tanh", "gelu", "softplus", "exp"):
            yield f"activation n={n} kind={kind}"
            if kind != "exp":
                yield f"activation n={n} kind={kind} dir=bwd"
    for rows, columns in ((1, 20_000), (1, 60_000), (4, 5_000), (16, 1000), (100, 100), (1000, 10), (64, 768), (200, 64)):
        yield f"softmax rows={rows} cols={columns}"
        yield f"softmax rows={rows} cols={columns} kind=xent"
        for kind in ("layernorm", "rmsnorm"):
            for direction in ("", " dir=bwd"):
                yield f"norm rows={rows} cols={columns} kind={kind}{direction}"
    for kind in ("rnn", "lstm", "gru"):
        for batch, size in ((1, 64), (1, 256), (1, 512), (4, 128), (8, 128), (16, 64), (32, 32)):
            yield f"recurrent kind={kind} batch={batch} input={size} hidden={size} mode=step"
            yield f"recurrent kind={kind} steps=8 batch={batch} input={size} hidden={size}"
            yield f"recurrent kind={kind} steps=8 batch={batch} input={size} hidden={size} dir=train"
    for steps, heads, dim in ((16, 4, 32), (32, 1, 32), (32, 3, 64), (64, 1, 64), (64, 2, 32), (64, 3, 32), (100, 1, 32),
                              (128, 1, 64), (128, 3, 16), (20, 7, 16)):
        for causal in (0, 1):
            for direction in ("fwd", "train"):
                yield f"attention steps={steps} heads={heads} dim={dim} causal={causal} dir={direction}"
    for kind in ("sgd", "momentum", "adam", "adadelta"):
        yield from (f"update kind={kind} params={count}" for count in (16_000, 40_000, 100_000))
    for name in ("mlp", "lenet", "resnet20", "lstm"):
        yield from (f"net name={name} batch={batch} mode=infer" for batch in (1, 2, 4, 8))
        yield from (f"net name={name} batch={batch} mode=train" for batch in (1, 8))


class Pair:
    """Our executable on one thread and on two."""

    def __init__(self, options):
        self.sides = []
        for threads in (1, 2):
            self.sides.append(ours.Ours(argparse.Namespace(threads=threads, isa=options.isa, seconds=options.seconds)))

    def measure(self, workload, rounds):
        best = [math.inf, math.inf]
        for _ in range(rounds):
            for i, side in enumerate(self.sides):
                best[i] = min(best[i], side.measure(workload)["min"])
        return best

    def close(self):
        for side in self.sides:
            side.close()


def arguments():
    parser = argparse.ArgumentParser(
        prog="scaling.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="WORDS", help="families or whole workloads, with commas between")
    parser.add_argument("--least", type=float, default=15, help="microseconds of work below which nothing is asked (default 15)")
    parser.add_argument("--wanted", type=float, default=1.4, help="the least speed-up that is not listed (default 1.4)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default 3)")
    parser.add_argument("--seconds", type=float, default=0.03, help="measuring time a turn (default 0.03)")
    parser.add_argument("--isa", choices=("scalar", "avx2", "avx512", "neon"), help="a cap on the instruction set")
    parser.add_argument("--all", action="store_true", help="print every workload, not only those that are listed")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--no-build", action="store_true", help="use the executable that is there")
    return parser.parse_args()


def is_selected(workload, words):
    return words is None or any(workload == word or workload.split()[0] == word for word in words.split(","))


def main():
    options = arguments()
    if not options.no_build:
        ours.build()
    pair = Pair(options)
    measured = listed = 0
    for workload in dict.fromkeys(sweep()):
        if not is_selected(workload, options.only):
            continue
        one, two = pair.measure(workload, options.rounds)

        def is_slow():
            return one * 1e6 > options.least and one / two < options.wanted

        if is_slow():  # once more, and longer: a neighbour may have been at work
            again = pair.measure(workload, 3 * options.rounds)
            one, two = min(one, again[0]), min(two, again[1])
        measured += 1
        listed += is_slow()
        if options.json and (options.all or is_slow()):
            print(json.dumps({"workload": workload, "one": one, "two": two, "speedup": one / two}), flush=True)
        elif options.all or is_slow():
            print(f"{one / two:5.2f}  {one * 1e6:8.1f} us -> {two * 1e6:8.1f} us  {workload}", flush=True)
    pair.close()
    print(f"{listed} of {measured} workloads that take more than {options.least:g} us are less than {options.wanted:g} times as fast "
          "on two threads", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
