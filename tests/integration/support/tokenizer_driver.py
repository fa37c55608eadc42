"""The program that makes calls of the C++ tokenizer, as Python functions."""

import json
import os
import subprocess
from pathlib import Path


class TokenizerError(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class TokenizerDriver:
    """driver("encode", texts=[…]) gives what the call gave or raises TokenizerError."""

    def __init__(self, root):
        path = Path(os.environ.get("LIQUID_TOKENIZER_DRIVER",
                                   root / "build/release/src/tokenizer/tokenizer_driver"))
        assert path.is_file(), f"{path} is not built (make build), or LIQUID_TOKENIZER_DRIVER is wrong"
        self._process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def __call__(self, call, **fields):
        line = json.dumps({"call": call, **fields})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"{line[:500]} ended the driver: {self._process.stderr.read()}"
        answer = json.loads(answer)
        if isinstance(answer, dict) and "error" in answer:
            raise TokenizerError(answer["error"], answer["message"])
        return answer

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._process.stderr.close()
