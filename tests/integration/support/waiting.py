"""Waiting for a condition with a deadline; nothing in these tests sleeps for a fixed time."""

import time


def wait_until(condition, what, seconds=10.0):
    """Asks `condition` until it gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
