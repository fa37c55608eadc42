"""GGUF files against the gguf package and llama.cpp: same keys, same bytes, same tokens."""

import json
import math
import shutil

import gguf
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from support.model_files import TINY, TINY_GGUF, FilesError, Llama, files_driver

TYPES = {"f32": gguf.GGMLQuantizationType.F32, "f16": gguf.GGMLQuantizationType.F16,
         "bf16": gguf.GGMLQuantizationType.BF16, "q8_0": gguf.GGMLQuantizationType.Q8_0}
EXPECTED = json.loads((TINY / "expected.json").read_text())


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return Llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def tiny_f32(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    files_driver("gguf", TINY, path, "f32")
    return path


def contents(path):
    reader = gguf.GGUFReader(path)
    keys = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    return keys, {tensor.name: tensor for tensor in reader.tensors}


def raw(array):
    return np.ascontiguousarray(array).view(np.uint8).ravel()


def greedy_cases(model):
    return [case for case in EXPECTED["greedy"] if case["model"] == model]


def assert_greedy(llama, path, cases, adapter="-"):
    answers = llama.greedy(path, [case["prompt"] for case in cases], adapter)
    for case, (ids, logits) in zip(cases, answers, strict=True):
        assert ids == case["generated"], case["prompt"]
        assert abs(max(logits) - case["top_logit"][0]) < 1e-4


@pytest.mark.parametrize("kind", TYPES)
def test_keys_and_bytes_are_those_of_the_gguf_package(kind, tmp_path):
    keys, tensors = contents(TINY_GGUF)
    path = tmp_path / "tiny.gguf"
    files_driver("gguf", TINY, path, kind)
    our_keys, our_tensors = contents(path)
    keys["general.file_type"] = {"f32": 0, "f16": 1, "bf16": 32, "q8_0": 7}[kind]
    assert our_keys == keys
    assert our_tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        small = tensor.data.ndim == 1 or name.endswith(("_norm.weight", "shortconv.conv.weight"))
        wanted = TYPES["f32"] if small else TYPES[kind]
        assert our_tensors[name].tensor_type == wanted, name
        assert list(our_tensors[name].shape) == list(tensor.shape), name
        expected = gguf.quants.quantize(np.array(tensor.data, np.float32), wanted)
        assert np.array_equal(raw(our_tensors[name].data), raw(expected)), name


def test_a_file_read_and_written_again_is_the_same(tmp_path):
    files_driver("gguf-copy", TINY_GGUF, tmp_path / "copy.gguf")
    assert (tmp_path / "copy.gguf").read_bytes() == TINY_GGUF.read_bytes()


def test_every_kind_of_value_survives(tmp_path):
    path = tmp_path / "values.gguf"
    writer = gguf.GGUFWriter(path, "test")
    writer.add_uint8("u8", 255)
    writer.add_int8("i8", -128)
    writer.add_uint16("u16", 65535)
    writer.add_int16("i16", -32768)
    writer.add_uint32("u32", 2**32 - 1)
    writer.add_int32("i32", -2**31)
    writer.add_uint64("u64", 2**64 - 1)
    writer.add_int64("i64", -2**63)
    writer.add_float32("f32", 1.5)
    writer.add_float64("f64", math.pi)
    writer.add_bool("yes", True)
    writer.add_bool("no", False)
    writer.add_string("text", "Ġ語\n\0")
    writer.add_array("texts", ["a", "", "ü"])
    writer.add_array("numbers", [1, -2, 3])
    writer.add_array("reals", [0.5, 1.5])
    writer.add_array("flags", [True, False, True])
    writer.add_custom_alignment(64)
    writer.add_tensor("odd", np.arange(5, dtype=np.int8))
    writer.add_tensor("x", np.arange(6, dtype=np.float32).reshape(2, 3))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    files_driver("gguf-copy", path, tmp_path / "copy.gguf")
    theirs, ours = contents(path), contents(tmp_path / "copy.gguf")
    assert ours[0] == theirs[0]
    for name, tensor in theirs[1].items():
        assert np.array_equal(raw(ours[1][name].data), raw(tensor.data))
        assert ours[1][name].data_offset % 64 == 0


def test_q8_0_rounds_as_ggml_does(tmp_path):
    """Ties, zeros, tiny and huge blocks, on an embedding of 512 × 64."""
    rng = np.random.default_rng(7)
    values = rng.standard_normal((512, 64)).astype(np.float32)
    values *= np.exp2(rng.integers(-30, 15, (512, 2))).astype(np.float32).repeat(32, 1)
    values[0] = 0
    values[1, :32] = np.linspace(-127, 127, 32)
    values[1, 32:] = np.arange(32) * 0.5 - 7.75
    values[1, 32] = 127.0
    values[2, :32] = 1e-44
    model = tmp_path / "model"
    shutil.copytree(TINY, model)
    tensors = load_file(TINY / "model.safetensors")
    tensors["model.embed_tokens.weight"] = values
    from safetensors.numpy import save_file
    save_file(tensors, model / "model.safetensors")
    files_driver("gguf", model, tmp_path / "q8.gguf", "q8_0")
    ours = contents(tmp_path / "q8.gguf")[1]["token_embd.weight"].data
    with np.errstate(all="ignore"):
        theirs = gguf.quants.quantize(values, TYPES["q8_0"])
    different = np.flatnonzero(np.asarray(ours).reshape(-1, 34) != np.asarray(theirs).reshape(-1, 34))
    rows = set(different // 34)
    assert rows <= {4}, rows  # 1e-44 is a block whose scale is 0 in half precision: any codes mean 0


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16", "q8_0"])
def test_llama_cpp_loads_every_type(kind, llama, tmp_path):
    """The fixture's weights are exact in bf16 and nearly so in f16; Q8_0 only has to stay near."""
    path = tmp_path / "tiny.gguf"
    files_driver("gguf", TINY, path, kind)
    cases = greedy_cases("base")
    if kind == "f32":
        assert_greedy(llama, path, cases)
        return
    for case, (_, logits) in zip(cases, llama.greedy(path, [case["prompt"] for case in cases], count=1), strict=True):
        assert abs(max(logits) - case["top_logit"][0]) < (0.6 if kind == "q8_0" else 0.15)


def test_llama_cpp_continues_with_the_adapter_as_peft_does(llama, tiny_f32, tmp_path):
    files_driver("gguf-adapter", TINY / "adapter", TINY, tmp_path / "lora.gguf", "f32")
    assert_greedy(llama, tiny_f32, greedy_cases("lora"), tmp_path / "lora.gguf")


def test_llama_cpp_loads_a_merged_model(llama, tmp_path):
    files_driver("merge", TINY, TINY / "adapter", tmp_path / "merged", "keep", 10**9)
    files_driver("gguf", tmp_path / "merged", tmp_path / "merged.gguf", "f32")
    assert_greedy(llama, tmp_path / "merged.gguf", greedy_cases("lora"))


@pytest.mark.parametrize("settings", [
    {"use_rslora": True},
    {"rank_pattern": {"w1": 2, "in_proj": 8}, "alpha_pattern": {"q_proj": 40}},
    {"use_rslora": True, "rank_pattern": {"w2": 16}, "alpha_pattern": {r"layers\.2\..*": 3}},
    {"alpha_pattern": {"w1": 0}},
], ids=["rslora", "patterns", "rslora and patterns", "one module switched off"])
def test_scales_survive_the_one_alpha_of_a_gguf_file(settings, llama, tiny_f32, tmp_path):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(11)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(TINY, dtype=torch.float32), LoraConfig(
        r=4, lora_alpha=8, task_type="CAUSAL_LM",
        target_modules=["in_proj", "out_proj", "q_proj", "w1", "w2"], **settings))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.1)
    model.save_pretrained(tmp_path)
    files_driver("gguf-adapter", tmp_path, TINY, tmp_path / "lora.gguf", "f32")
    prompt = [1, 5, 300, 42]
    with torch.no_grad():
        expected = model(torch.tensor([prompt])).logits[0, -1].numpy()
    (_, logits), = llama.greedy(tiny_f32, [prompt], tmp_path / "lora.gguf", 1)
    (_, without), = llama.greedy(tiny_f32, [prompt], count=1)
    assert np.abs(np.array(logits) - expected).max() < 1e-4
    assert np.abs(np.array(without) - expected).max() > 0.5


def test_llama_cpp_tokenizes_with_our_vocabulary(llama, tiny_f32):
    cases = json.loads((TINY / "tokenizer_cases.json").read_text())["cases"]
    cases = [case for case in cases if case["text"] and not set(case["text"]) & set("\n\r\0")]
    assert len(cases) > 40
    for case, ids in zip(cases, llama.tokenize(tiny_f32, [case["text"] for case in cases]), strict=True):
        assert ids == case["ids_bos"], case["text"]


def test_what_llama_cpp_cannot_express_is_refused(tmp_path):
    with pytest.raises(FilesError, match="not as Q8_0"):
        files_driver("gguf-adapter", TINY / "adapter", TINY, tmp_path / "lora.gguf", "q8_0")
    from transformers import Lfm2Config, Lfm2ForCausalLM
    config = Lfm2Config.from_pretrained(TINY)
    config.conv_bias = True
    Lfm2ForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(FilesError, match="conv_bias"):
        files_driver("gguf", tmp_path, tmp_path / "x.gguf", "f16")
    assert not list(tmp_path.glob("*.gguf*"))
