"""The program that reads and writes model files (src/lfm2/files_driver.cpp), and llama.cpp as its judge."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TINY = ROOT / "tests" / "data" / "lfm2-tiny"
TINY_GGUF = ROOT / "tests" / "data" / "lfm2-tiny-gguf" / "lfm2-tiny-f32.gguf"
LLAMA = ROOT / ".deps" / "llama"


class FilesError(Exception):
    """What a command of the driver complained about: `code` and `message`."""

    def __init__(self, text):
        super().__init__(text)
        self.code, _, self.message = text.strip().partition(": ")


def files_driver(*words):
    """Runs a command of the driver; its standard output, or FilesError."""
    path = Path(os.environ.get("LIQUID_FILES_DRIVER",
                               ROOT / "build/release/src/lfm2/lfm2_files_driver"))
    assert path.is_file(), f"{path} is not built (make build), or LIQUID_FILES_DRIVER is wrong"
    run = subprocess.run([path, *map(str, words)], capture_output=True, text=True, timeout=100,
                         check=False)
    if run.returncode == 1:
        raise FilesError(run.stderr)
    assert run.returncode == 0, run.stderr
    return run.stdout


class Llama:
    """llama.cpp's library behind the program llama_judge.cpp, compiled into `folder`."""

    def __init__(self, folder):
        assert (LLAMA / "lib").is_dir(), ".deps/llama is missing: tools/setup.sh llama"
        self._program = folder / "llama_judge"
        source = ROOT / "tests" / "integration" / "training" / "llama_judge.cpp"
        libraries = sorted(LLAMA.glob("lib/libllama.v*.so")) + sorted(LLAMA.glob("lib/libggml.v*.so"))
        subprocess.run([os.environ.get("CXX", "g++"), "-std=c++17", "-O1", "-I", LLAMA / "include",
                        source, "-o", self._program, *libraries, LLAMA / "lib" / "libggml-base.so",
                        f"-Wl,-rpath,{LLAMA / 'lib'}"], check=True, timeout=100)

    def _run(self, lines, *words):
        run = subprocess.run([self._program, LLAMA / "lib", *map(str, words)], input=lines,
                             capture_output=True, text=True, timeout=100, check=False)
        assert run.returncode == 0, run.stderr
        return run.stdout.splitlines()

    def greedy(self, model, prompts, adapter="-", count=20):
        """[(ids, logits behind the prompt)] of each prompt."""
        lines = "".join(" ".join(map(str, prompt)) + "\n" for prompt in prompts)
        answers = [line.split("|") for line in self._run(lines, model, adapter, count)]
        return [([int(word) for word in ids.split()], [float(word) for word in logits.split()])
                for ids, logits in answers]

    def tokenize(self, model, texts):
        return [[int(word) for word in line.split()]
                for line in self._run("".join(text + "\n" for text in texts), model, "tokenize")]
