"""The program that makes calls of the C++ RestStore, as Python functions."""

import json
import os
import subprocess
from pathlib import Path


class StoreError(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class RestDriver:
    """driver("runs.get", run_id=…) gives what the call gave or raises StoreError."""

    def __init__(self, root, uri, environment=None):
        path = Path(os.environ.get("LIQUID_REST_DRIVER",
                                   root / "build/release/src/tracking/rest/tracking_rest_driver"))
        assert path.is_file(), f"{path} is not built (make build), or LIQUID_REST_DRIVER is wrong"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        self._process = subprocess.Popen([path, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True,
                                         env={**clean, "HOME": "/nonexistent", **(environment or {})})
        self.milliseconds = 0.0

    def __call__(self, call, **fields):
        line = json.dumps({"call": call, **fields})
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self._process.stdout.readline()
        assert answer, f"{line} ended the driver: {self._process.stderr.read()}"
        answer = json.loads(answer)
        self.milliseconds = answer["milliseconds"]
        if "error" in answer:
            raise StoreError(answer["error"], answer["message"])
        return answer["value"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._process.stderr.close()


def pairs(mapping):
    """{"a": "b"} → [{"key": "a", "value": "b"}], MLflow's shape of tags and parameters."""
    return [{"key": key, "value": value} for key, value in mapping.items()]
