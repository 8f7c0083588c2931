"""The parts of scripts/compare.py: workloads, competitors, contests, tables."""
