"""torch.nn.functional.linear, asked by run.py: lines "forward|backward|gradient ROWS IN OUT SECONDS"."""

import sys
import time

import torch

torch.set_num_threads(2)


def best(direction, rows, width_in, width_out, seconds):
    x, y, w = torch.rand(rows, width_in), torch.rand(rows, width_out), torch.rand(width_out, width_in)
    calls = {"forward": lambda: torch.nn.functional.linear(x, w),
             "backward": lambda: y @ w,
             "gradient": lambda: w.addmm_(y.T, x)}
    call = calls[direction]
    fastest, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        call()
        fastest = min(fastest, time.perf_counter() - started)
    return 2e-9 * rows * width_in * width_out / fastest


with torch.no_grad():
    for line in sys.stdin:
        direction, *numbers = line.split()
        rows, width_in, width_out = map(int, numbers[:3])
        print(best(direction, rows, width_in, width_out, float(numbers[3])), flush=True)
