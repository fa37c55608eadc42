"""Tensor files against the safetensors library: Python reads what we write, we read what Python writes."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from support.model_files import TINY, FilesError, files_driver

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(
        a.flatten().view(torch.uint8), b.flatten().view(torch.uint8))


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert same_bits(ours[name], tensor), name


def load_folder(folder):
    index = folder / "model.safetensors.index.json"
    files = {"model.safetensors"}
    if index.exists():
        files = set(json.loads(index.read_text())["weight_map"].values())
    return {name: tensor for file in files for name, tensor in load_file(folder / file).items()}


@pytest.fixture
def odd_tensors(tmp_path):
    """Every dtype, scalars, empty tensors, odd lengths that misalign what follows, names in any script."""
    generator = torch.Generator().manual_seed(1)
    tensors = {
        "f32": torch.randn(3, 5, generator=generator),
        "f16": torch.randn(7, generator=generator).half(),
        "bf16": torch.randn(2, 3, 4, generator=generator).bfloat16(),
        "f64": torch.randn(2, generator=generator, dtype=torch.float64),
        "i32": torch.arange(5, dtype=torch.int32),
        "i64": torch.arange(-2, 2),
        "u8": torch.arange(13, dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(1.5),
        "empty": torch.zeros(0, 4),
        "Wärme \"°\" 語": torch.ones(1),
    }
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt", "note": "äöü"})
    return tensors, tmp_path


def test_every_dtype_survives_reading_and_writing(odd_tensors, tmp_path):
    tensors, folder = odd_tensors
    out = tmp_path / "out"
    out.mkdir()
    files_driver("copy", folder, "model", out, "keep", 10**9)
    assert_same(load_file(out / "model.safetensors"), tensors)
    with safe_open(out / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
    assert [path.name for path in out.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_conversions_round_as_torch_does(dtype, tmp_path):
    rng = np.random.default_rng(3)
    bits = np.concatenate([
        rng.integers(0, 2**32, 200_000, dtype=np.uint32),
        # around every border of half precision and bfloat16: ties, subnormals, overflow, NaN, infinities
        (np.arange(2**16, dtype=np.uint32) << 16)[:, None].repeat(5, 1).ravel()
        + np.tile(np.array([0, 1, 0x7fff, 0x8000, 0x8001], np.uint32), 2**16),
        (np.arange(2**19, dtype=np.uint32) << 13) + np.uint32(0x1000),
    ])
    values = torch.from_numpy(bits.view(np.float32).copy())
    save_file({"x": values}, tmp_path / "model.safetensors")
    out = tmp_path / "out"
    out.mkdir()
    files_driver("copy", tmp_path, "model", out, dtype, 10**9)
    ours, theirs = load_file(out / "model.safetensors")["x"], values.to(DTYPES[dtype])
    nan = theirs.isnan()
    assert torch.equal(ours.isnan(), nan)
    assert same_bits(ours[~nan], theirs[~nan])


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_widening_is_exact(dtype, tmp_path):
    every = torch.arange(2**16, dtype=torch.int32).to(torch.uint16).view(DTYPES[dtype])
    save_file({"x": every}, tmp_path / "model.safetensors")
    out = tmp_path / "out"
    out.mkdir()
    files_driver("copy", tmp_path, "model", out, "F32", 10**9)
    ours, theirs = load_file(out / "model.safetensors")["x"], every.float()
    nan = theirs.isnan()
    assert torch.equal(ours.isnan(), nan) and same_bits(ours[~nan], theirs[~nan])


def test_shards_are_read_by_transformers_and_replace_the_single_file(tmp_path):
    from transformers import AutoModelForCausalLM

    for name in ("config.json", "model.safetensors"):
        shutil.copy(TINY / name, tmp_path / name)
    files_driver("copy", TINY, "model", tmp_path, "BF16", 150_000)
    shards = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert len(shards) > 2 and shards[0] == f"model-00001-of-{len(shards):05}.safetensors"
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 261_440 * 2
    assert all(size <= 150_000 + 20_000 for size in (path.stat().st_size for path in tmp_path.glob("*.safetensors")))
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    weights = model.state_dict()
    for name, tensor in load_file(TINY / "model.safetensors").items():
        assert torch.equal(weights[name], tensor), name  # the fixture's values are exact in bf16

    files_driver("copy", TINY, "model", tmp_path, "keep", 10**9)
    assert [path.name for path in tmp_path.glob("model*")] == ["model.safetensors"]
    assert_same(load_folder(tmp_path), load_file(TINY / "model.safetensors"))


def test_shards_that_transformers_writes_are_read(tmp_path):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(TINY, dtype=torch.bfloat16)
    model.save_pretrained(tmp_path, max_shard_size="200KB")
    assert (tmp_path / "model.safetensors.index.json").exists()
    files_driver("check", tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    files_driver("copy", tmp_path, "model", out, "F32", 10**9)
    assert_same(load_file(out / "model.safetensors"), load_file(TINY / "model.safetensors"))


def test_missing_extra_and_misshaped_tensors_are_named(tmp_path):
    tensors = load_file(TINY / "model.safetensors")
    tensors.pop("model.layers.1.conv.in_proj.weight")
    tensors["model.layers.0.ffn_norm.weight"] = torch.ones(63)
    tensors["model.layers.7.ffn_norm.weight"] = torch.ones(64)
    save_file(tensors, tmp_path / "model.safetensors")
    shutil.copy(TINY / "config.json", tmp_path)
    with pytest.raises(FilesError) as caught:
        files_driver("check", tmp_path)
    assert caught.value.code == "data_corrupt"
    for text in ("missing (1): model.layers.1.conv.in_proj.weight",
                 "of another shape (1): model.layers.0.ffn_norm.weight is [63], expected [64]",
                 "not known (1): model.layers.7.ffn_norm.weight"):
        assert text in caught.value.message


def test_a_shard_that_is_missing_or_lacks_a_tensor_is_named(tmp_path):
    files_driver("copy", TINY, "model", tmp_path, "keep", 300_000)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    shutil.copy(TINY / "config.json", tmp_path)
    index["weight_map"]["model.layers.9.w"] = "model-00001-of-00004.safetensors"
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(FilesError, match="has no tensor 'model.layers.9.w'"):
        files_driver("check", tmp_path)
    (tmp_path / "model-00002-of-00004.safetensors").unlink()
    with pytest.raises(FilesError, match="model-00002-of-00004.safetensors.*cannot be read"):
        files_driver("check", tmp_path)
