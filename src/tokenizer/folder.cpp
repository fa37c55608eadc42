#include "tokenizer/folder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/file.h"
#include "tokenizer/json_fields.h"

// tokenizer_config.json = { "bos_token"?: token, "eos_token"?, "pad_token"?, "unk_token"?, …,
//                           "additional_special_tokens"?: [token, …], "add_bos_token"?: flag,
//                           "add_eos_token"?: flag, "added_tokens_decoder"?: { id: added, … },
//                           "chat_template"?: text | [{ "name", "template" }, …], … }
// token = text | { "content": text, … }
//
// special_tokens_map.json has the same tokens and nothing else. chat_template.jinja is the template
// itself and wins over the one in tokenizer_config.json.

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 7> kRoles{"bos_token", "eos_token", "pad_token", "unk_token",
                                                 "sep_token", "cls_token", "mask_token"};

Error corrupt(std::string message) { return {ErrorCode::data_corrupt, std::move(message)}; }

Result<std::string> read_token(const json::value& value, const std::string& place) {
  if (value.is_string()) return std::string(value.get_string());
  const Result<JsonFields> fields = JsonFields::of(value, place);
  if (!fields) return fields.error();
  const Result<std::string_view> content = fields->text("content");
  if (!content) return content.error();
  return std::string(*content);
}

Result<void> read_roles(const JsonFields& file, TokenizerConfig& config) {
  for (const std::string_view role : kRoles) {
    const json::value* value = file.find(role);
    if (value == nullptr) continue;
    Result<std::string> token = read_token(*value, file.path(role));
    if (!token) return std::move(token).error();
    if (role == "bos_token") config.bos = *token;
    if (role == "eos_token") config.eos = *token;
    if (role == "pad_token") config.pad = *token;
    config.specials.push_back(*std::move(token));
  }
  for (const std::string_view list : {"additional_special_tokens", "extra_special_tokens"}) {
    const json::value* value = file.find(list);
    if (value == nullptr || !value->is_array()) continue;
    for (const json::value& item : value->get_array()) {
      Result<std::string> token = read_token(item, file.path(list));
      if (!token) return std::move(token).error();
      config.specials.push_back(*std::move(token));
    }
  }
  return {};
}

Result<std::optional<bool>> read_switch(const JsonFields& file, std::string_view field) {
  if (file.find(field) == nullptr) return std::optional<bool>();
  const Result<bool> value = file.flag(field);
  if (!value) return value.error();
  return std::optional<bool>(*value);
}

Result<AddedToken> read_declared(std::string_view id, const json::value& value) {
  const std::string place = "added_tokens_decoder." + std::string(id);
  const Result<JsonFields> fields = JsonFields::of(value, place);
  if (!fields) return fields.error();
  const Result<std::string_view> content = fields->text("content");
  if (!content) return content.error();
  AddedToken token{.content = std::string(*content)};
  const auto [end, failed] = std::from_chars(id.data(), id.data() + id.size(), token.id);
  if (failed != std::errc{} || end != id.data() + id.size()) return corrupt(place + " is no id");
  const std::pair<std::string_view, bool*> flags[] = {{"special", &token.special},
                                                      {"single_word", &token.single_word},
                                                      {"lstrip", &token.lstrip},
                                                      {"rstrip", &token.rstrip},
                                                      {"normalized", &token.normalized}};
  for (const auto& [name, target] : flags) {
    const Result<bool> flag = fields->flag(name);
    if (!flag) return flag.error();
    *target = *flag;
  }
  return token;
}

Result<void> read_declarations(const JsonFields& file, TokenizerConfig& config) {
  const json::value* declarations = file.find("added_tokens_decoder");
  if (declarations == nullptr) return {};
  const json::object* object = declarations->if_object();
  if (object == nullptr) return corrupt("added_tokens_decoder is no object");
  for (const json::key_value_pair& item : *object) {
    Result<AddedToken> token = read_declared(item.key(), item.value());
    if (!token) return std::move(token).error();
    config.declared.push_back(*std::move(token));
  }
  return {};
}

Result<std::string> read_template(const JsonFields& file) {
  const json::value* value = file.find("chat_template");
  if (value == nullptr) return std::string();
  if (value->is_string()) return std::string(value->get_string());
  const Result<const json::array*> named = file.array("chat_template");
  if (!named) return named.error();
  for (const json::value& item : **named) {
    const Result<JsonFields> fields = JsonFields::of(item, "chat_template");
    if (!fields) return fields.error();
    const Result<std::string_view> name = fields->text("name");
    if (!name) return name.error();
    if (*name != "default") continue;
    const Result<std::string_view> text = fields->text("template");
    if (!text) return text.error();
    return std::string(*text);
  }
  return std::string();
}

/// An empty text when the file is not there.
Result<std::string> read_if_there(const std::filesystem::path& file) {
  Result<std::string> text = read_file(file);
  if (!text && text.error().code == ErrorCode::not_found) return std::string();
  return text;
}

Result<TokenizerConfig> read_one(const std::filesystem::path& file) {
  const Result<std::string> text = read_if_there(file);
  if (!text) return text.error();
  if (text->empty()) return TokenizerConfig{};
  Result<TokenizerConfig> config = read_tokenizer_config(*text);
  if (!config) return std::move(config).error().with_context(file.string());
  return config;
}

AddedToken* find_added(TokenizerSpec& spec, std::string_view content) {
  const auto found =
      std::find_if(spec.added.begin(), spec.added.end(),
                   [&](const AddedToken& token) { return token.content == content; });
  return found == spec.added.end() ? nullptr : &*found;
}

std::optional<TokenId> id_in(const TokenizerSpec& spec, std::string_view content) {
  for (const AddedToken& token : spec.added) {
    if (token.content == content) return token.id;
  }
  for (const auto& [token, id] : spec.vocabulary) {
    if (token == content) return id;
  }
  return std::nullopt;
}

Result<void> apply_declaration(const AddedToken& declared, TokenizerSpec& spec) {
  if (declared.content.empty()) return {};
  const std::optional<TokenId> id = id_in(spec, declared.content);
  if (id != declared.id) {
    return corrupt("tokenizer_config.json declares the token '" + declared.content +
                   "' with the id " + std::to_string(declared.id) + ", tokenizer.json " +
                   (id ? "gives it " + std::to_string(*id) : std::string("has no such token")));
  }
  if (AddedToken* known = find_added(spec, declared.content)) {
    *known = declared;
  } else {
    spec.added.push_back(declared);
  }
  return {};
}

Result<void> make_special(const std::string& content, TokenizerSpec& spec) {
  if (content.empty()) return {};
  if (AddedToken* known = find_added(spec, content)) {
    known->special = true;
    return {};
  }
  const std::optional<TokenId> id = id_in(spec, content);
  if (!id) {
    return corrupt("tokenizer_config.json names the special token '" + content +
                   "', which tokenizer.json has not");
  }
  spec.added.push_back({.id = *id, .content = content, .special = true});
  return {};
}

std::vector<TokenId> around(bool wanted, const std::optional<std::string>& token,
                            const TokenizerSpec& spec) {
  const std::optional<TokenId> id = token ? id_in(spec, *token) : std::nullopt;
  return wanted && id ? std::vector<TokenId>{*id} : std::vector<TokenId>{};
}

}  // namespace

Result<TokenizerConfig> read_tokenizer_config(std::string_view text) {
  boost::system::error_code failed;
  const json::value root = json::parse(text, failed);
  if (failed) return corrupt("no JSON: " + failed.message());
  const Result<JsonFields> file = JsonFields::of(root, "");
  if (!file) return file.error();
  TokenizerConfig config;
  if (const Result<void> read = read_roles(*file, config); !read) return read.error();
  if (const Result<void> read = read_declarations(*file, config); !read) return read.error();
  const Result<std::optional<bool>> add_bos = read_switch(*file, "add_bos_token");
  if (!add_bos) return add_bos.error();
  config.add_bos = *add_bos;
  const Result<std::optional<bool>> add_eos = read_switch(*file, "add_eos_token");
  if (!add_eos) return add_eos.error();
  config.add_eos = *add_eos;
  Result<std::string> chat_template = read_template(*file);
  if (!chat_template) return std::move(chat_template).error();
  config.chat_template = *std::move(chat_template);
  return config;
}

Result<TokenizerConfig> read_config_files(const std::filesystem::path& folder) {
  Result<TokenizerConfig> config = read_one(folder / "tokenizer_config.json");
  if (!config) return config;
  const Result<TokenizerConfig> map = read_one(folder / "special_tokens_map.json");
  if (!map) return map.error();
  if (!config->bos) config->bos = map->bos;
  if (!config->eos) config->eos = map->eos;
  if (!config->pad) config->pad = map->pad;
  config->specials.insert(config->specials.end(), map->specials.begin(), map->specials.end());
  Result<std::string> jinja = read_if_there(folder / "chat_template.jinja");
  if (!jinja) return std::move(jinja).error();
  if (!jinja->empty()) config->chat_template = *std::move(jinja);
  return config;
}

Result<void> apply_config(const TokenizerConfig& config, TokenizerSpec& spec) {
  for (const AddedToken& declared : config.declared) {
    if (const Result<void> done = apply_declaration(declared, spec); !done) return done.error();
  }
  for (const std::string& special : config.specials) {
    if (const Result<void> done = make_special(special, spec); !done) return done.error();
  }
  if (config.add_bos || config.add_eos) {
    spec.prefix = around(config.add_bos.value_or(false), config.bos, spec);
    spec.suffix = around(config.add_eos.value_or(false), config.eos, spec);
  }
  return {};
}

}  // namespace liquid::tokenizer
