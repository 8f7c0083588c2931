"""Tables and lines of JSON."""

import json
import math


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def readable(amount, group):
    if group == "memory":
        return f"{amount / 1e6:.0f} MB"
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if amount * factor >= 1 or unit == "us":
            return f"{amount * factor:.3g} {unit}"


def report(threads, found, as_json):
    """Prints each result as it comes, then the means of each group."""
    if not as_json:
        print(f"\nthreads {threads}: time of ours, time of the best peer, ratio (above 1: ours is faster)", flush=True)
    ratios = {}
    for group, workload, mine, theirs in found:
        line = {"group": group, "workload": workload, "threads": threads, "ours": mine, "peers": theirs}
        if theirs:
            best = min(theirs, key=theirs.get)
            line |= {"best": best, "ratio": theirs[best] / mine}
            ratios.setdefault(group, []).append(line["ratio"])
        if as_json:
            print(json.dumps(line), flush=True)
            continue
        name = f"{workload} (memory)" if group == "memory" else workload
        if theirs:
            times = f"{readable(mine, group):>10} {readable(theirs[best], group):>10} {line['ratio']:7.2f}  {best}"
        else:
            times = f"{readable(mine, group):>10}            no peer"
        print(f"  {name:66} {times}", flush=True)
    if as_json:
        return
    for group, values in ratios.items():
        print(f"  {group + ': geometric mean':66} {geometric_mean(values):29.2f}  lowest {min(values):.2f}")
