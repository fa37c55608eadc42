"""What all benchmark scripts share: pinned processes, CPU accounting, result files, tables.

Standard library only. Results go to build/bench/<name>.json; report.py turns them into Markdown.
"""

import dataclasses
import datetime
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("LIQUID_BUILD", ROOT / "build" / "release"))
RESULTS = ROOT / "build" / "bench"
DEPS = ROOT / ".deps"

SERVER_CORE = "0"
CLIENT_CORE = "1" if (os.cpu_count() or 1) > 1 else "0"
_TICKS = os.sysconf("SC_CLK_TCK")


def fail(message):
    print(f"{pathlib.Path(sys.argv[0]).parent.name}: {message}", file=sys.stderr)
    sys.exit(1)


def program(*relative_paths):
    """Path of a built program; the first of `relative_paths` below the build folder that exists."""
    for relative in relative_paths:
        if (BUILD / relative).is_file():
            return str(BUILD / relative)
    fail(f"{relative_paths[0]} is not in {BUILD}; build the release preset first (make bench does)")


def liquid():
    return program("src/cli/liquid")


def wrk():
    found = shutil.which("wrk")
    if not found:
        fail("no wrk; run tools/setup.sh bench")
    return found


def pinned(core, command):
    return ["taskset", "-c", core, *[str(part) for part in command]]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process on one core, from `with` to its end; its output goes to `log`."""

    def __init__(self, command, port, log, core=SERVER_CORE, environment=None):
        self.port = port
        self._log_path = pathlib.Path(log)
        self._log = open(log, "wb")
        self.process = subprocess.Popen(
            pinned(core, command), stdout=self._log, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})})

    def __enter__(self):
        try:
            self._wait_for_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def _wait_for_port(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        fail(f"{self.process.args[3]} does not listen:\n{self._log_path.read_text(errors='replace')}")

    def cpu_seconds(self):
        """User and system time of the process and its children so far."""
        return sum(_cpu_seconds_of(pid) for pid in _process_tree(self.process.pid))

    def resident_bytes(self):
        return sum(resident_bytes(pid) for pid in _process_tree(self.process.pid))


def _process_tree(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _process_tree(int(child))
    return found


def _cpu_seconds_of(pid):
    # The command name (field 2) may hold blanks: count from behind its closing bracket.
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid="self"):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass
class Finished:
    output: str
    wall: float  # seconds
    cpu: float   # seconds, children included


def run_pinned(core, command, timeout=600):
    """Runs `command` to its end; anything but exit code 0 ends the benchmark."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=timeout)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Finished(done.stdout, wall, cpu)


def percentile(sorted_values, share):
    """Nearest rank, as the C++ programs do it."""
    if not sorted_values:
        return float("nan")
    rank = max(1, -(-len(sorted_values) * share // 1))
    return sorted_values[int(rank) - 1]


def median_by_key(samples):
    """Median of every number over several equally shaped dictionaries."""
    return {key: statistics.median(sample[key] for sample in samples) for key in samples[0]}


def machine():
    model = platform.processor() or platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def commit():
    done = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True,
                          text=True)
    return done.stdout.strip() or "unknown"


def table(title, columns, rows):
    """`rows` hold ready text or numbers; numbers are written with a sensible count of digits."""
    return {"title": title, "columns": columns, "rows": [[_cell(cell) for cell in row] for row in rows]}


def _cell(value):
    if value is None:
        return "–"
    if isinstance(value, float):
        if abs(value) >= 1000:
            return f"{value:,.0f}".replace(",", " ")
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", " ")
    return str(value)


def goal(text, measured, met):
    return {"goal": text, "measured": _cell(measured), "met": bool(met)}


def write_result(name, settings, tables, goals, notes=(), raw=None):
    """Keeps the result and prints its tables."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    result = {
        "name": name,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": machine(),
        "command": " ".join(["python3", os.path.relpath(sys.argv[0], ROOT), *sys.argv[1:]]),
        "settings": settings,
        "tables": tables,
        "goals": goals,
        "notes": list(notes),
        "raw": raw,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return result
