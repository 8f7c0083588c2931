"""Contests: every selected workload, ours and the peers' in turn, and processes' peak memory."""

import math
import os
import subprocess
import sys
import time

from compare import ours as our_side
from compare.timing import REST, best_time, note
from compare.workloads import GROUPS, groups_of, parse


def peers(arguments):
    """The peers that are installed."""
    from compare.onnx_peer import OnnxRuntime
    from compare.openvino_peer import OpenVINO
    from compare.torch_peer import Torch
    found = []
    for peer in (Torch, OnnxRuntime, OpenVINO):
        try:
            found.append(peer(arguments.threads, arguments.compile))
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


def results(arguments):
    """Every selected workload: its group, its name, our seconds (or bytes), and each peer's."""
    def is_selected(workload):
        return not arguments.only or all(word in workload.split() for word in arguments.only.split())

    rivals, ours = None, None
    for group in groups_of(arguments.suite):
        if group == "gemm":
            if not arguments.only or arguments.only.split()[0] == "gemm":
                yield from ((group, *result) for result in our_side.gemm_results(arguments) if is_selected(result[0]))
            continue
        for workload in filter(is_selected, GROUPS[group]):
            if group == "memory":
                yield group, workload, *peak_memory(workload, arguments)
                continue
            if ours is None:
                rivals, ours = peers(arguments), our_side.Ours(arguments)
            yield group, workload, *contest(ours, workload, rivals, arguments)
    if ours:
        ours.close()


def peak_memory(workload, arguments):
    """Peak resident bytes of processes that do nothing but run this inference: ours and each peer's."""
    mine = peak_of(our_side.command(["run", workload], arguments, arguments.seconds))
    program = [sys.executable, os.path.join(our_side.ROOT, "scripts", "compare.py"), "--threads", str(arguments.threads)]
    theirs = {name: peak_of([*program, "--alone", module, "--only", workload])
              for name, module in (("PyTorch", "torch"), ("ONNX Runtime", "onnx"))}
    return mine, {name: peak for name, peak in theirs.items() if peak}


# Runs a command and prints its exit code and peak resident size. A process begins with the peak of the one that starts it, so
# this one has nothing else in it.
WATCH = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


def peak_of(command):
    """The peak resident size of a command's process in bytes; None when it fails."""
    watched = subprocess.run([sys.executable, "-S", "-c", WATCH, *command], stdout=subprocess.PIPE, text=True, check=True)
    code, peak = map(int, watched.stdout.split())
    # Kilobytes on Linux, bytes on macOS.
    return None if code else peak * (1 if sys.platform == "darwin" else 1024)


def run_alone(module, workload, threads):
    """One peer's inference in this process, a few times: what `peak_memory` watches."""
    if module == "torch":
        from compare.torch_peer import Torch as Peer
    else:
        from compare.onnx_peer import OnnxRuntime as Peer
    family, keys = parse(workload)
    # The leanest way: without a compiler in the process.
    body = next(iter(Peer(threads, compiles=False).bodies(family, keys).values()))
    for _ in range(5):
        body()
