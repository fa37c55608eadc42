"""The C++ tokenizer against Hugging Face's `tokenizers` and `transformers`: the same files, the same texts."""

import datetime
import json
import os
import random

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
from support.tokenizer_driver import TokenizerDriver, TokenizerError
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors,
                        trainers)
from transformers import AutoTokenizer
from transformers.utils import chat_template_utils

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
SCRIPTS = [(0x20, 0x7E), (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0x97F),
           (0xE00, 0xE7F), (0x2000, 0x206F), (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF),
           (0x1F300, 0x1F64F), (0x0, 0x10FFFF)]
WORDS = ("the of and to in model train loss step token 's 'LL 'ſ don't it's 2026 3.14 ０１ x=1; (ok) http://a.b/c?d "
         "naïve Straße 東京 привет café 👍🏽 ｆｕｌｌ ǅ İ ß K <|im_end|> <|im_start|> <think> </think>").split(" ")
BLANKS = [" ", " ", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n ", "\u00a0", "\u3000", "\u2028", "\x85", ""]


@pytest.fixture(scope="module")
def driver(root):
    driver = TokenizerDriver(root)
    yield driver
    driver.close()


def random_text(r, longest=40):
    parts = []
    for _ in range(r.randint(0, longest)):
        kind = r.random()
        if kind < 0.45:
            parts.append(r.choice(WORDS))
        elif kind < 0.7:
            parts.append(r.choice(BLANKS))
        else:
            low, high = r.choice(SCRIPTS)
            text = "".join(chr(c) for c in (r.randint(low, high) for _ in range(r.randint(1, 6)))
                           if not 0xD800 <= c <= 0xDFFF)
            parts.append(text)
    return "".join(parts)


def corpus(seed, sentences):
    r = random.Random(seed)
    return [random_text(r) for _ in range(sentences)]


def byte_ends(text, pieces):
    at, ends = 0, []
    for piece, _ in pieces:
        at += len(piece.encode())
        ends.append(at)
    assert at == len(text.encode())
    return ends


# ------------------------------------------------------------------------------- the split patterns

def test_every_code_point_is_of_the_class_that_the_regular_expression_says(driver):
    theirs = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    texts = ["".join(f"a{chr(c)}b1{chr(c)}{chr(c)} {chr(c)}." for c in CODE_POINTS[at:at + 64])
             for at in range(0, len(CODE_POINTS), 64)]
    ours = driver("pieces", regex=LLAMA3, texts=texts)
    for text, ends in zip(texts, ours):
        assert ends == byte_ends(text, theirs.pre_tokenize_str(text)), [hex(ord(c)) for c in text[1::10]][:64]


@pytest.mark.parametrize("regex", [LLAMA3, QWEN2, GPT2], ids=["llama3", "qwen2", "gpt2"])
def test_random_texts_are_cut_alike(driver, regex):
    theirs = pre_tokenizers.Split(Regex(regex), "isolated")
    r = random.Random(7)
    few = ["'", "s", "S", "l", "L", "r", "e", "1", " ", "\n", "\r", "\t", ".", "é", "\u00a0", "́", "ſ"]
    texts = [random_text(r) for _ in range(2000)]
    texts += ["".join(r.choice(few) for _ in range(r.randint(1, 12))) for _ in range(10000)]
    for text, ends in zip(texts, driver("pieces", regex=regex, texts=texts)):
        assert ends == byte_ends(text, theirs.pre_tokenize_str(text)), repr(text)


# -------------------------------------------------------------------------- tokenizers made by Python

def python_tokenizer(seed):
    """A byte-level BPE with every feature that the reader accepts, chosen by chance."""
    r = random.Random(seed)
    tokenizer = Tokenizer(models.BPE(ignore_merges=r.random() < 0.5))
    regex = r.choice([LLAMA3, QWEN2, None])
    whole_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex is None)
    tokenizer.pre_tokenizer = whole_bytes if regex is None else pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(regex), "isolated"), whole_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if r.random() < 0.7 else []
    tokenizer.train_from_iterator(corpus(seed, 300), trainers.BpeTrainer(
        vocab_size=r.choice([260, 300, 500, 2000]), show_progress=False, initial_alphabet=alphabet,
        special_tokens=["<|pad|>", "<|startoftext|>", "<|im_start|>", "<|im_end|>"]))
    tokenizer.add_tokens([AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False)])
    for content in r.sample(["the", "mod", "<|im", "<think>x", "é", "  ", "東", "n't", "<", "|>", "a b", "\n\n"],
                            r.randint(0, 6)):
        flags = {name: r.random() < 0.3 for name in ("single_word", "lstrip", "rstrip", "normalized", "special")}
        token = AddedToken(content, **flags)
        (tokenizer.add_special_tokens if flags["special"] else tokenizer.add_tokens)([token])
    if r.random() < 0.7:
        around = r.choice(["<|startoftext|> $A", "$A <|im_end|>", "<|startoftext|> $A <|im_end|>"])
        tokenizer.post_processor = processors.TemplateProcessing(
            single=around, special_tokens=[(name, tokenizer.token_to_id(name))
                                           for name in ("<|startoftext|>", "<|im_end|>")])
    return tokenizer


def check_same(driver, theirs, texts, seed):
    encodings = theirs.encode_batch(texts, add_special_tokens=False)
    expected = [encoding.ids for encoding in encodings]
    for text, ours, ids in zip(texts, driver("encode", texts=texts, special=False), expected):
        assert ours == ids, (seed, text)
    for text, ours, encoding in zip(texts, driver("encode", texts=texts, special=True),
                                    theirs.encode_batch(texts, add_special_tokens=True)):
        assert ours == encoding.ids, (seed, text)
    r = random.Random(seed)
    size = theirs.get_vocab_size()
    loose = [[r.randrange(size) for _ in range(r.randint(0, 12))] for _ in range(300)]
    for skip in (False, True):
        both = theirs.decode_batch(expected + loose, skip_special_tokens=skip)
        for ids, ours, text in zip(expected + loose, driver("decode", ids=expected + loose, skip=skip), both):
            assert ours == text, (seed, skip, ids)


@pytest.mark.parametrize("seed", range(24))
def test_tokenizers_trained_by_python_give_the_same_ids_and_texts(driver, tmp_path, seed):
    theirs = python_tokenizer(seed)
    theirs.save(str(tmp_path / "tokenizer.json"))
    driver("open", folder=str(tmp_path))
    check_same(driver, theirs, corpus(1000 + seed, 400), seed)


def test_tokens_that_stand_alone_look_at_every_neighbour(driver, tmp_path):
    theirs = python_tokenizer(3)
    theirs.add_tokens([AddedToken("<W>", single_word=True, normalized=False)])
    theirs.save(str(tmp_path / "tokenizer.json"))
    driver("open", folder=str(tmp_path))
    lettered = [c for c in CODE_POINTS if c < 0x20000 or 0xE0000 <= c < 0xE1000]
    texts = ["".join(f"{chr(c)}<W>-<W>{chr(c)}\n" for c in lettered[at:at + 32])
             for at in range(0, len(lettered), 32)]  # longer texts take Python a minute
    for text, ours, encoding in zip(texts, driver("encode", texts=texts, special=False),
                                    theirs.encode_batch(texts, add_special_tokens=False)):
        assert ours == encoding.ids, hex(ord(text[0]))


def test_long_texts_without_a_break_merge_alike(driver, tmp_path):
    theirs = python_tokenizer(1)
    theirs.save(str(tmp_path / "tokenizer.json"))
    driver("open", folder=str(tmp_path))
    r = random.Random(1)
    texts = ["".join(r.choice("abethinod") for _ in range(n)) for n in [*range(1, 120), 1000, 20000]]
    texts += [c * n for c in ("a", " ", "\n", "東", "!", "1") for n in (47, 48, 49, 50, 3000)]
    check_same(driver, theirs, texts, 1)


# ----------------------------------------------------------------------------------- our own trainer

@pytest.mark.parametrize("seed", range(6))
def test_tokenizers_trained_by_us_open_in_python_and_agree(driver, tmp_path, seed):
    r = random.Random(seed)
    texts = corpus(seed, 400)
    driver("train", texts=texts, vocabulary=r.choice([330, 400, 700, 3000]), min_frequency=r.choice([1, 2, 5]),
           reserved=r.choice([0, 2, 40]), folder=str(tmp_path))
    driver("open", folder=str(tmp_path))
    theirs = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    check_same(driver, theirs, corpus(2000 + seed, 400), seed)
    through_transformers = AutoTokenizer.from_pretrained(str(tmp_path))
    sample = corpus(3000 + seed, 50)
    assert driver("encode", texts=sample, special=True) == through_transformers(sample)["input_ids"]
    assert through_transformers.eos_token == "<|im_end|>" and through_transformers.pad_token_id == 0
    assert len(through_transformers) == driver("open", folder=str(tmp_path))["size"]


def plain_corpus(seed):
    """Without special tokens, which Python's trainer counts as words and ours does not."""
    return [text.replace("<", "‹") for text in corpus(seed, 600)]


@pytest.mark.parametrize("seed", range(4))
def test_the_trainer_learns_what_python_learns(driver, tmp_path, seed):
    texts = plain_corpus(seed)
    driver("train", texts=texts, vocabulary=1200, min_frequency=2, reserved=2, folder=str(tmp_path))
    ours = json.loads((tmp_path / "tokenizer.json").read_text())["model"]
    special = [token for token, number in sorted(ours["vocab"].items(), key=lambda item: item[1])][:16]
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=1198, min_frequency=2, show_progress=False, special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    theirs = json.loads(tokenizer.to_str())["model"]
    assert ours["vocab"] == theirs["vocab"]
    assert ours["merges"] == theirs["merges"]


def test_a_folder_with_wrong_files_is_refused_by_name(driver, tmp_path):
    theirs = json.loads(python_tokenizer(0).to_str())
    theirs["normalizer"] = {"type": "NFKC"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(theirs))
    with pytest.raises(TokenizerError, match="unsupported: .*tokenizer.json: normalizer 'NFKC'"):
        driver("open", folder=str(tmp_path))


# -------------------------------------------------------------------------------------------- chats

TURN = """\
{%- if message.role == 'assistant' -%}
{% generation %}{{- content + '<|im_end|>\\n' -}}{% endgeneration %}
{%- else -%}{{- content + '<|im_end|>\\n' -}}{%- endif -%}"""

# LFM2.5 with a plain list of tools, thoughts of earlier turns dropped.
PLAIN = """\
{{- bos_token -}}
{%- set keep_past_thinking = keep_past_thinking | default(false) -%}
{%- set ns = namespace(system='', last=-1) -%}
{%- if messages[0].role == 'system' -%}
{%- set ns.system = messages[0].content -%}{%- set messages = messages[1:] -%}
{%- endif -%}
{%- if tools -%}
{%- set ns.system = ns.system + ('\\n' if ns.system else '') + 'List of tools: [' -%}
{%- for tool in tools -%}
{%- set ns.system = ns.system + (tool | tojson) + ('' if loop.last else ', ') -%}
{%- endfor -%}
{%- set ns.system = ns.system + ']' -%}
{%- endif -%}
{%- if ns.system -%}{{- '<|im_start|>system\\n' + ns.system + '<|im_end|>\\n' -}}{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'assistant' -%}{%- set ns.last = loop.index0 -%}{%- endif -%}
{%- endfor -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- set content = message.content if message.content is string else message.content | tojson -%}
{%- if message.role == 'assistant' and not keep_past_thinking and loop.index0 != ns.last -%}
{%- if '</think>' in content -%}{%- set content = content.split('</think>')[-1] | trim -%}{%- endif -%}
{%- endif -%}
""" + TURN + """\
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"""

CALLS = """\
{%- macro shown(value) -%}
{%- if value is string -%}{{- QUOTE + value + QUOTE -}}
{%- elif value is mapping -%}{{- value | tojson -}}
{%- else -%}{{- value | string -}}{%- endif -%}
{%- endmacro -%}
{%- macro parts(content) -%}
{%- if content is string -%}{{- content -}}
{%- else -%}{%- for item in content -%}
{%- if item.type == 'image' -%}{{- '<image>' -}}
{%- elif item.type == 'text' -%}{{- item.text -}}
{%- else -%}{{- item | tojson -}}{%- endif -%}
{%- endfor -%}{%- endif -%}
{%- endmacro -%}
{%- macro calls(list) -%}
{{- '<|tool_call_start|>[' -}}
{%- for call in list -%}
{{- ('' if loop.first else ', ') + call.function.name + '(' -}}
{%- for name, value in call.function.arguments.items() -%}
{{- ('' if loop.first else ', ') + name + '=' + shown(value) -}}
{%- endfor -%}
{{- ')' -}}
{%- endfor -%}
{{- ']<|tool_call_end|>' -}}
{%- endmacro -%}
"""

DATED_SYSTEM = """\
{%- if messages[0].role == 'system' -%}
{%- set ns.system = parts(messages[0].content) -%}{%- set messages = messages[1:] -%}
{%- endif -%}
{%- if tools -%}
{%- set ns.system = ns.system + ('\\n\\n' if ns.system else '') + "Today's date: " + strftime_now('%Y-%m-%d')
    + '\\n\\nList of tools: ' + (tools | tojson) -%}
{%- endif -%}
{%- if ns.system -%}{{- '<|im_start|>system\\n' + ns.system + '<|im_end|>\\n' -}}{%- endif -%}
"""

# The form of Liquid's fine-tuner: date, calls in front of the content, thoughts up to the last assistant turn.
DATED = ("{{- bos_token -}}{%- set keep_past_thinking = keep_past_thinking | default(false) -%}" +
         CALLS.replace("QUOTE", "'\"'") + "{%- set ns = namespace(system='', last_assistant_index=-1) -%}" +
         DATED_SYSTEM + """\
{%- for message in messages -%}
{%- if message.role == 'assistant' -%}{%- set ns.last_assistant_index = loop.index0 -%}{%- endif -%}
{%- endfor -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- set content = parts(message.content) -%}
{%- if message.role == 'assistant' -%}
{%- set past = not keep_past_thinking and loop.index0 != ns.last_assistant_index -%}
{%- if past and '</think>' in content -%}{%- set content = content.split('</think>')[-1] | trim -%}{%- endif -%}
{%- if message.tool_calls is defined -%}{%- set content = calls(message.tool_calls) + content -%}{%- endif -%}
{%- if message.thinking is defined and not past -%}
{%- set content = '<think>' + message.thinking + '</think>' + content -%}
{%- endif -%}
{%- endif -%}
""" + TURN + """\
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}""")

# The later form: calls behind the content, single quotes, thoughts since the last user turn.
LATER = ("{{- bos_token -}}{%- set keep_past_thinking = keep_past_thinking | default(false) -%}" +
         CALLS.replace("QUOTE", '"\'"') + "{%- set ns = namespace(system='', last_user_index=-1) -%}" +
         DATED_SYSTEM + """\
{%- for message in messages -%}
{%- if message.role == 'user' -%}{%- set ns.last_user_index = loop.index0 -%}{%- endif -%}
{%- endfor -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- set content = parts(message.content) -%}
{%- if message.role == 'assistant' -%}
{%- set past = not (keep_past_thinking or loop.index0 > ns.last_user_index) -%}
{%- if past and '</think>' in content -%}{%- set content = content.split('</think>')[-1] | trim -%}{%- endif -%}
{%- if message.thinking is defined and not past -%}
{%- set content = '<think>' + message.thinking + '</think>' + content -%}
{%- endif -%}
{%- if message.tool_calls is defined -%}{%- set content = content + calls(message.tool_calls) -%}{%- endif -%}
{%- endif -%}
""" + TURN + """\
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}""")

ODD_VALUES = [1, -3, 2.5, 1e-7, 1e16, True, False, None, "x", "it's \"é\"\n", [1, "a", None, 0.5], {"k": [True]},
              {"z": {"y": "ü"}}, [], {}, 10**25, "‎​\x00", ["it's", 'say "x"', "'\"", "\t\\"]]


def random_chat(r, thinking, parts):
    messages = []
    if r.random() < 0.5:
        messages.append({"role": "system", "content": r.choice(["", "Be brief.", random_text(r, 6)])})
    for _ in range(r.randint(1, 5)):
        role = r.choice(["user", "assistant", "assistant", "tool", "user"])
        content = r.choice(["", random_text(r, 8), "\n\n x ", "<think>\n a\n</think>\n\n b \x1d"])
        if role == "tool" and not parts and r.random() < 0.5:
            content = {"k": r.choice(ODD_VALUES), "é": r.choice(ODD_VALUES)}
        if parts and r.random() < 0.2:
            content = [{"type": "text", "text": "see"}, {"type": "image", "u": 1}, {"type": "x", "v": r.choice(ODD_VALUES)}]
        message = {"role": role, "content": content}
        if thinking and role == "assistant" and r.random() < 0.4:
            message["thinking"] = r.choice(["", "hm <b>", "東\n"])
        if thinking and role == "assistant" and r.random() < 0.4:
            message["tool_calls"] = [
                {"type": "function", "function": {"name": name, "arguments": {
                    f"a{i}": r.choice(ODD_VALUES) for i in range(r.randint(0, 3))}}}
                for name in r.sample(["f", "get_weather", "g"], r.randint(1, 2))]
        messages.append(message)
    tools = [{"name": "f", "description": "é <b> & 'q'", "parameters": r.choice(ODD_VALUES)},
             {"type": "function", "n": 1.0}][:r.randint(0, 2)]
    return messages, tools or None


def for_driver(message):
    """JSON goes as its text, so that nothing on the way reads and writes its numbers."""
    given = {"role": message["role"]}
    if isinstance(message["content"], str):
        given["content"] = message["content"]
    else:
        given["content_json"] = json.dumps(message["content"], indent=1)
    if "thinking" in message:
        given["thinking"] = message["thinking"]
    if "tool_calls" in message:
        given["tool_calls"] = [{"name": call["function"]["name"],
                                "arguments": json.dumps(call["function"]["arguments"])}
                               for call in message["tool_calls"]]
    return given


class FixedDate(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 2, 3, 4, 5, 6, tzinfo=tz)


@pytest.mark.parametrize("name", ["own", "fixture", "plain", "dated", "later"])
def test_chats_are_rendered_as_transformers_renders_them(driver, root, tmp_path, monkeypatch, name):
    monkeypatch.setattr(chat_template_utils, "datetime", FixedDate)
    driver("train", texts=corpus(5, 200), vocabulary=600, min_frequency=2, reserved=2, folder=str(tmp_path))
    jinja = {"plain": PLAIN, "dated": DATED, "later": LATER}.get(name)
    if name == "fixture":
        config = json.loads((root / "tests/data/lfm2-tiny/tokenizer_config.json").read_text())
        jinja = config["chat_template"]
    if jinja:
        (tmp_path / "chat_template.jinja").write_text(jinja, encoding="utf-8")
    driver("open", folder=str(tmp_path))
    theirs = AutoTokenizer.from_pretrained(str(tmp_path))
    richer = name in ("dated", "later")
    r = random.Random(11)
    for _ in range(250):
        messages, tools = random_chat(r, richer, richer)
        keep = r.random() < 0.3
        for prompt in (False, True):
            ours = driver("chat", messages=[for_driver(message) for message in messages],
                          tools=[json.dumps(tool) for tool in tools or []], prompt=prompt, strict=False,
                          keep_thinking=keep, date="2026-02-03")
            options = {"tools": tools, "add_generation_prompt": prompt, "keep_past_thinking": keep}
            text = theirs.apply_chat_template(messages, tokenize=False, **options)
            assert ours["text"] == text
            encoded = theirs.apply_chat_template(messages, tokenize=True, return_dict=True,
                                                 return_assistant_tokens_mask=True, **options)
            assert ours["ids"] == encoded["input_ids"], messages
            assert ours["mask"] == encoded["assistant_masks"], messages
        assert ours["form"] == ("lfm2" if name in ("own", "fixture") else "lfm2.5")
