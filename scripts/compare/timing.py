"""How long something takes, and what is said on the side."""

import math
import sys
import time

# Longer than the worker threads of PyTorch or ONNX Runtime spin after their last task.
REST = 0.05

noted = set()


def note(text):
    """Says something on standard error, once."""
    if text not in noted:
        noted.add(text)
        print(f"note: {text}", file=sys.stderr, flush=True)


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
