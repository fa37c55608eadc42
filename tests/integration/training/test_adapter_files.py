"""PEFT adapters and what becomes of them: adapter_config.json, merged models, trainer_state.json."""

import json
import math
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.model_files import TINY, FilesError, files_driver

MODULES = ["model.layers.0.conv.in_proj", "model.layers.2.self_attn.q_proj", "model.layers.2.feed_forward.w1",
           "model.layers.4.feed_forward.w1", "model.layers.1.conv.out_proj"]


def tiny_model():
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(TINY, dtype=torch.float32)


def make_adapter(folder, **settings):
    """An adapter by PEFT with B that is not zero; the PEFT model."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(5)
    settings = {"r": 4, "lora_alpha": 8, "task_type": "CAUSAL_LM",
                "target_modules": ["in_proj", "out_proj", "q_proj", "w1"], **settings}
    model = get_peft_model(tiny_model(), LoraConfig(**settings))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.05)
    model.save_pretrained(folder)
    return model


PATTERNS = {
    "plain": {},
    "rslora": {"use_rslora": True, "r": 8},
    "patterns": {"rank_pattern": {"w1": 2, "layers.0.conv.in_proj": 8},
                 "alpha_pattern": {r"model\.layers\.[0-2]\..*": 5, "q_proj": 100}},
    "rslora and patterns": {"use_rslora": True, "rank_pattern": {r"layers\.4\.feed_forward\.w1": 16},
                            "alpha_pattern": {"^model.layers.2.self_attn.q_proj": 3}},
}


@pytest.mark.parametrize("settings", PATTERNS.values(), ids=PATTERNS.keys())
def test_ranks_and_scales_are_those_of_peft(settings, tmp_path):
    model = make_adapter(tmp_path, **settings)
    lines = files_driver("scales", tmp_path, *MODULES).splitlines()
    for module, line in zip(MODULES, lines, strict=True):
        layer = model.get_submodule("base_model.model." + module)
        rank, scale = line.split()
        assert int(rank) == layer.r["default"], module
        assert math.isclose(float(scale), layer.scaling["default"], rel_tol=1e-15), module


@pytest.mark.parametrize("settings", PATTERNS.values(), ids=PATTERNS.keys())
def test_peft_reads_what_we_write(settings, tmp_path):
    from peft import PeftModel

    model = make_adapter(tmp_path / "theirs", **settings)
    (tmp_path / "ours").mkdir()
    files_driver("peft", tmp_path / "theirs", tmp_path / "ours")
    files_driver("copy", tmp_path / "theirs", "adapter_model", tmp_path / "ours", "keep", 10**9)
    ours = PeftModel.from_pretrained(tiny_model(), tmp_path / "ours")
    ids = torch.tensor([[1, 5, 9, 200, 31]])
    with torch.no_grad():
        assert torch.equal(ours(ids).logits, model(ids).logits)


@pytest.mark.parametrize("settings", PATTERNS.values(), ids=PATTERNS.keys())
def test_merging_is_what_peft_does(settings, tmp_path):
    merged = make_adapter(tmp_path / "adapter", **settings).merge_and_unload().state_dict()
    files_driver("merge", TINY, tmp_path / "adapter", tmp_path / "out", "keep", 10**9)
    for name, tensor in load_file(tmp_path / "out" / "model.safetensors").items():
        assert (tensor - merged[name]).abs().max() <= 1e-6, name


def test_a_merged_model_is_complete_for_transformers(tmp_path):
    """The fixture's adapter, sharded and in bf16: equal to rounding the fp32 merge once."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    files_driver("merge", TINY / "variants" / "bf16", TINY / "adapter", tmp_path / "fp32", "F32", 10**9)
    files_driver("merge", TINY, TINY / "adapter", tmp_path / "bf16", "BF16", 100_000)
    assert len(list((tmp_path / "bf16").glob("model-*.safetensors"))) > 3
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "bf16", dtype="auto")
    assert model.dtype == torch.bfloat16
    assert AutoTokenizer.from_pretrained(tmp_path / "bf16").encode("hello")
    fp32 = AutoModelForCausalLM.from_pretrained(tmp_path / "fp32", dtype="auto")
    assert fp32.dtype == torch.float32
    expected = load_file(TINY / "expected.safetensors")
    with torch.no_grad():
        logits = fp32(expected["single.input_ids"].long()).logits
    assert (logits - expected["lora.merged.single.logits"]).abs().max() <= 1e-4
    rounded, whole = model.state_dict(), fp32.state_dict()
    for name, tensor in whole.items():
        assert torch.equal(rounded[name], tensor.bfloat16()), name


def test_merging_into_the_base_or_a_foreign_adapter_is_refused(tmp_path):
    base = tmp_path / "base"
    shutil.copytree(TINY, base)
    with pytest.raises(FilesError, match="own folder"):
        files_driver("merge", base, TINY / "adapter", base, "keep", 10**9)
    adapter = tmp_path / "adapter"
    shutil.copytree(TINY / "adapter", adapter)
    for change, text in (({"model.layers.0.conv.in_proj": "model.layers.9.conv.in_proj"}, "no linear module"),
                         ({"layers.0.conv.in_proj": "layers.0.feed_forward.w9"}, "no linear module"),
                         ({"layers.0.feed_forward.w1.lora_A": "layers.0.feed_forward.w1.lora_embedding_A"},
                          "no LoRA matrix"),
                         ({"layers.0.feed_forward.w1.lora_B": "layers.0.feed_forward.w1.lora_magnitude_vector"},
                          "no LoRA matrix")):
        (old, new), = change.items()
        tensors = {name.replace(old, new): tensor
                   for name, tensor in load_file(TINY / "adapter" / "adapter_model.safetensors").items()}
        save_file(tensors, adapter / "adapter_model.safetensors")
        with pytest.raises(FilesError, match=text):
            files_driver("merge", TINY, adapter, tmp_path / "out", "keep", 10**9)


@pytest.mark.parametrize("feature", [
    {"use_dora": True}, {"bias": "all"}, {"modules_to_save": ["lm_head"]}, {"peft_type": "LOHA"},
    {"init_lora_weights": "pissa"}, {"lora_bias": True}, {"use_qalora": True},
    {"layer_replication": [[0, 2]]}, {"trainable_token_indices": [3]}, {"target_parameters": ["x"]},
    {"alora_invocation_tokens": [1]}, {"use_something_of_2030": True},
], ids=lambda feature: next(iter(feature)))
def test_features_that_change_the_result_are_refused_by_name(feature, tmp_path):
    config = json.loads((TINY / "adapter" / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**config, **feature}))
    with pytest.raises(FilesError) as caught:
        files_driver("peft", tmp_path, tmp_path)
    assert caught.value.code == "unsupported"
    assert f"'{next(iter(feature))}'" in caught.value.message


def test_every_setting_that_peft_writes_by_default_is_understood(tmp_path):
    """Initialisations and notes that leave the result alone do not stop anybody."""
    for settings in ({}, {"init_lora_weights": "gaussian"}, {"layers_to_transform": [0, 2]},
                     {"exclude_modules": ["q_proj"]}, {"target_modules": r".*\.(w1|w2)"},
                     {"target_modules": "all-linear"}):
        make_adapter(tmp_path / "adapter", **settings)
        files_driver("merge", TINY, tmp_path / "adapter", tmp_path / "out", "keep", 10**9)


def test_trainer_state_is_read_by_transformers_and_back(tmp_path):
    from transformers.trainer_callback import TrainerState

    theirs = TrainerState(epoch=1.5, global_step=30, max_steps=60, logging_steps=10, eval_steps=20,
                          save_steps=20, train_batch_size=4, num_train_epochs=3, total_flos=1.5e15,
                          log_history=[{"epoch": 0.5, "grad_norm": 1.25, "learning_rate": 2e-4, "loss": 3.5,
                                        "step": 10},
                                       {"epoch": 1.0, "eval_loss": float("nan"), "step": 20},
                                       {"epoch": 1.5, "loss": float("inf"), "step": 30}],
                          best_metric=3.25, best_global_step=20, best_model_checkpoint="out/checkpoint-20")
    theirs.save_to_json(tmp_path / "theirs.json")
    files_driver("trainer-state", tmp_path / "theirs.json", tmp_path / "ours.json")
    ours = TrainerState.load_from_json(tmp_path / "ours.json")
    assert repr(ours) == repr(theirs)  # NaN is equal to itself in a text only
    assert json.loads((tmp_path / "ours.json").read_text()).keys() == \
        json.loads((tmp_path / "theirs.json").read_text()).keys()
