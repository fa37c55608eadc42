"""config.json against transformers: the same shapes whatever generation wrote it, and ours is read by it."""

import itertools
import json

import pytest
from support.model_files import TINY, FilesError, files_driver

BASE = {"model_type": "lfm2", "architectures": ["Lfm2ForCausalLM"], "vocab_size": 96, "hidden_size": 32,
        "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 3}


def ours(tmp_path, **fields):
    (tmp_path / "config.json").write_text(json.dumps({**BASE, **fields}))
    width, _, text = files_driver("config", tmp_path).partition("\n")
    return int(width), json.loads(text)


def meta_model(config):
    import torch
    from transformers import Lfm2ForCausalLM

    with torch.device("meta"):
        return Lfm2ForCausalLM(config)


def shapes(model):
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("fields", [
    {},
    {"intermediate_size": 200},
    {"block_ff_dim": 200, "intermediate_size": 999},
    {"intermediate_size": 200, "block_multiple_of": 32},
    {"intermediate_size": 200, "block_multiple_of": 1, "block_ffn_dim_multiplier": 1.3},
    {"intermediate_size": 201, "block_auto_adjust_ff_dim": False},
    {"full_attn_idxs": [1]},
    {"full_attn_idxs": [0], "layer_types": ["conv", "conv", "full_attention"]},
    {"tie_embedding": False},
    {"tie_word_embeddings": False, "layer_types": ["conv"] * 3},
    {"conv_bias": True, "full_attn_idxs": []},
    {"conv_L_cache": 4, "full_attn_idxs": [2]},
    {"head_dim": 16},
    {"rope_theta": 5000.0},
    {"rope_parameters": {"rope_theta": 7000.0, "rope_type": "default"}, "rope_theta": 5000.0},
    {"eos_token_id": [7, 2], "pad_token_id": None, "bos_token_id": 5},
], ids=lambda fields: ",".join(fields) or "defaults")
def test_the_same_model_as_transformers_reads(fields, tmp_path):
    from transformers import Lfm2Config

    width, written = ours(tmp_path, **fields)
    theirs = Lfm2Config(**{**BASE, **fields})
    again = Lfm2Config(**written)
    model, copy = meta_model(theirs), meta_model(again)
    assert shapes(model) == shapes(copy)
    assert shapes(model)["model.layers.0.feed_forward.w1.weight"] == (width, 32)
    for name in ("layer_types", "norm_eps", "eos_token_id", "bos_token_id", "pad_token_id",
                 "tie_word_embeddings", "max_position_embeddings", "conv_L_cache", "conv_bias",
                 "num_key_value_heads", "initializer_range"):
        assert getattr(again, name) == getattr(theirs, name), name
    assert again.rope_parameters["rope_theta"] == theirs.rope_parameters["rope_theta"]


@pytest.mark.parametrize("fields", [{}, {"tie_embedding": False}, {"conv_bias": True, "full_attn_idxs": [1]},
                                    {"head_dim": 16, "full_attn_idxs": [0, 2]}])
def test_the_expected_tensors_are_those_of_transformers(fields, tmp_path):
    import torch
    from transformers import Lfm2Config, Lfm2ForCausalLM

    torch.manual_seed(0)
    Lfm2ForCausalLM(Lfm2Config(**{**BASE, "intermediate_size": 64, **fields})).save_pretrained(tmp_path)
    files_driver("check", tmp_path)


def test_the_older_name_theta_counts(tmp_path):
    assert ours(tmp_path, theta=123.0, rope_theta=5.0)[1]["rope_parameters"]["rope_theta"] == 123.0


@pytest.mark.parametrize(("fields", "code", "text"), [
    ({"model_type": "lfm2_moe", "num_experts": 32}, "unsupported", "mixture-of-experts"),
    ({"model_type": "llama"}, "unsupported", 'model_type is "llama"'),
    ({"model_type": None}, "data_corrupt", "model_type"),
    ({"hidden_size": "32"}, "data_corrupt", "'hidden_size' must be a whole number"),
    ({"hidden_size": 33}, "invalid_argument", "num_attention_heads"),
    ({"num_key_value_heads": 3}, "invalid_argument", "num_key_value_heads"),
    ({"layer_types": ["conv"]}, "invalid_argument", "has 1 entries"),
    ({"layer_types": ["conv", "sliding_attention", "conv"]}, "unsupported", "sliding_attention"),
    ({"full_attn_idxs": [3]}, "invalid_argument", "names layer 3"),
    ({"rope_parameters": {"rope_type": "yarn", "factor": 2.0}}, "unsupported", "yarn"),
    ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "unsupported", "linear"),
    ({"vocab_size": 0}, "invalid_argument", "vocab_size"),
    ({"vocab_size": 2**40}, "invalid_argument", "vocab_size"),
    ({"num_hidden_layers": 10**9}, "invalid_argument", "num_hidden_layers"),
])
def test_what_cannot_be_read_is_refused_by_name(fields, code, text, tmp_path):
    with pytest.raises(FilesError) as caught:
        ours(tmp_path, **fields)
    assert caught.value.code == code
    assert text in caught.value.message and "config.json" in caught.value.message


def test_targets_are_what_peft_finds(tmp_path):
    """Every subset of kinds: the names we write make PEFT choose exactly the modules we chose."""
    from peft.tuners.tuners_utils import check_target_module_exists
    from peft import LoraConfig

    kinds = ["conv.in_proj", "conv.out_proj", "self_attn.out_proj", "self_attn.q_proj", "feed_forward.w2"]
    everything = files_driver("targets", TINY).split("--\n")[0].split()
    for count in range(1, len(kinds) + 1):
        for subset in itertools.combinations(kinds, count):
            text = files_driver("targets", TINY, *subset)
            paths, names = (part.split() for part in text.split("--\n"))
            assert paths == [path for path in everything if path.endswith(subset)]
            config = LoraConfig(target_modules=names)
            assert paths == [path for path in everything if check_target_module_exists(config, path)]


def test_llama_names_are_translated_and_unknown_ones_refused():
    plain = files_driver("targets", TINY, "out_proj", "w1", "w2", "w3", "q_proj")
    assert files_driver("targets", TINY, "o_proj", "gate_proj", "down_proj", "up_proj", "q_proj") == plain
    assert files_driver("targets", TINY, r".*layers\.2\..*(q|v)_proj").split("--\n")[0].split() == [
        "model.layers.2.self_attn.q_proj", "model.layers.2.self_attn.v_proj"]
    for name, code, text in (("query_key_value", "not_found", "conv.in_proj, conv.out_proj"),
                             ("lm_head", "unsupported", "head"), ("embed_tokens", "unsupported", "embedding"),
                             ("(", "invalid_argument", "expression")):
        with pytest.raises(FilesError) as caught:
            files_driver("targets", TINY, "q_proj", name)
        assert caught.value.code == code and text in caught.value.message
