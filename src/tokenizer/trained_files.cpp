#include "tokenizer/trained_files.h"

#include <boost/json.hpp>
#include <string_view>

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;

/// LFM2's chat text as Jinja, the assistant's turns marked for loss masks.
constexpr std::string_view kChatTemplate = R"({{- bos_token -}}
{%- set ns = namespace(system='') -%}
{%- set turns = messages -%}
{%- if turns and turns[0]['role'] == 'system' -%}
    {%- set ns.system = turns[0]['content'] -%}
    {%- set turns = turns[1:] -%}
{%- endif -%}
{%- if tools -%}
    {%- set ns.system = ns.system + ('\n' if ns.system else '') + 'List of tools: <|tool_list_start|>[' -%}
    {%- for tool in tools -%}
        {%- set ns.system = ns.system + ('' if loop.first else ', ') + (tool if tool is string else tool | tojson) -%}
    {%- endfor -%}
    {%- set ns.system = ns.system + ']<|tool_list_end|>' -%}
{%- endif -%}
{%- if ns.system -%}
    {{- '<|im_start|>system\n' + ns.system + '<|im_end|>\n' -}}
{%- endif -%}
{%- for turn in turns -%}
    {%- set body = turn['content'] if turn['content'] is string else turn['content'] | tojson -%}
    {{- '<|im_start|>' + turn['role'] + '\n' -}}
    {%- if turn['role'] == 'assistant' -%}
        {% generation %}{{- body + '<|im_end|>\n' -}}{% endgeneration %}
    {%- elif turn['role'] == 'tool' -%}
        {{- '<|tool_response_start|>' + body + '<|tool_response_end|>' + '<|im_end|>\n' -}}
    {%- else -%}
        {{- body + '<|im_end|>\n' -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\n' -}}
{%- endif -%})";

json::object bytes_stage(bool add_prefix_space, bool trim_offsets, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", trim_offsets},
          {"use_regex", use_regex}};
}

json::object added_token(const AddedToken& token) {
  return {{"content", token.content},       {"single_word", token.single_word},
          {"lstrip", token.lstrip},         {"rstrip", token.rstrip},
          {"normalized", token.normalized}, {"special", token.special}};
}

json::array added_tokens(const TokenizerSpec& spec) {
  json::array list;
  for (const AddedToken& token : spec.added) {
    json::object entry{{"id", token.id}};
    for (auto& item : added_token(token)) entry.emplace(item.key(), item.value());
    list.push_back(std::move(entry));
  }
  return list;
}

json::object pre_tokenizer(const TokenizerSpec& spec) {
  const json::object split{{"type", "Split"},
                           {"pattern", {{"Regex", regex_of(spec.pattern)}}},
                           {"behavior", "Isolated"},
                           {"invert", false}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, bytes_stage(false, true, false)}}};
}

std::string_view text_of(const TokenizerSpec& spec, TokenId id) {
  for (const AddedToken& token : spec.added) {
    if (token.id == id) return token.content;
  }
  return {};
}

json::object post_processor(const TokenizerSpec& spec) {
  json::array single;
  json::array second;
  json::object specials;
  const auto put = [](json::array& list, std::string_view kind, std::string_view id, int type_id) {
    json::object item;
    item[kind] = json::object{{"id", id}, {"type_id", type_id}};
    list.push_back(std::move(item));
  };
  for (const TokenId id : spec.prefix) {
    const std::string_view token = text_of(spec, id);
    put(single, "SpecialToken", token, 0);
    put(second, "SpecialToken", token, 1);
    specials[token] = {{"id", token}, {"ids", json::array{id}}, {"tokens", json::array{token}}};
  }
  put(single, "Sequence", "A", 0);
  put(second, "Sequence", "B", 1);
  json::array pair = single;
  for (const json::value& item : second) pair.push_back(item);
  const json::object around{{"type", "TemplateProcessing"},
                            {"single", single},
                            {"pair", pair},
                            {"special_tokens", specials}};
  return {{"type", "Sequence"}, {"processors", {bytes_stage(true, false, true), around}}};
}

json::object model(const TokenizerSpec& spec) {
  json::object vocabulary;
  vocabulary.reserve(spec.vocabulary.size());
  for (const auto& [token, id] : spec.vocabulary) vocabulary.emplace(token, id);
  json::array merges;
  merges.reserve(spec.merges.size());
  for (const auto& [left, right] : spec.merges) {
    merges.push_back(json::array{json::string(left), json::string(right)});
  }
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", spec.ignore_merges},
          {"vocab", std::move(vocabulary)},
          {"merges", std::move(merges)}};
}

json::object roles() {
  return {{"bos_token", "<|startoftext|>"}, {"eos_token", "<|im_end|>"}, {"pad_token", "<|pad|>"}};
}

json::object config(const TokenizerSpec& spec, std::size_t max_length) {
  json::object declared;
  for (const AddedToken& token : spec.added) {
    declared.emplace(std::to_string(token.id), added_token(token));
  }
  json::object file{{"add_bos_token", true},
                    {"add_eos_token", false},
                    {"add_prefix_space", false},
                    {"added_tokens_decoder", std::move(declared)}};
  for (auto& item : roles()) file.emplace(item.key(), item.value());
  file.emplace("clean_up_tokenization_spaces", false);
  file.emplace("model_max_length", max_length);
  file.emplace("spaces_between_special_tokens", false);
  file.emplace("tokenizer_class", "PreTrainedTokenizerFast");
  file.emplace("use_default_system_prompt", false);
  file.emplace("chat_template", kChatTemplate);
  return file;
}

}  // namespace

TokenizerFiles files_of(const TokenizerSpec& spec, std::size_t max_length) {
  const json::object tokenizer{{"version", "1.0"},
                               {"truncation", nullptr},
                               {"padding", nullptr},
                               {"added_tokens", added_tokens(spec)},
                               {"normalizer", nullptr},
                               {"pre_tokenizer", pre_tokenizer(spec)},
                               {"post_processor", post_processor(spec)},
                               {"decoder", bytes_stage(true, true, true)},
                               {"model", model(spec)}};
  return {.tokenizer_json = json::serialize(tokenizer) + "\n",
          .tokenizer_config_json = json::serialize(config(spec, max_length)) + "\n",
          .special_tokens_map_json = json::serialize(roles()) + "\n"};
}

}  // namespace liquid::tokenizer
