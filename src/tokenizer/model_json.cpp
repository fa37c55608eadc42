#include "tokenizer/model_json.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/byte_alphabet.h"

// model = { "type": "BPE", "vocab": { token: id, … }, "merges": [merge, …],
//           "ignore_merges"?: flag, "dropout"?: null | 0, "unk_token"?, "byte_fallback"?,
//           "continuing_subword_prefix"?: null | "", "end_of_word_suffix"?: null | "" }
// merge = "left right" | [left, right]
//
// unk_token and byte_fallback say what becomes of a byte that is in no token, so they mean nothing
// as soon as the vocabulary has all 256.
//
// added_tokens = [{ "id", "content", "special"?, "single_word"?, "lstrip"?, "rstrip"?,
//                   "normalized"? }, …]
//
// The library that the format belongs to gives an added token the id its content has in the
// vocabulary, else the next free one, whatever "id" says. A file where the two differ would mean
// other ids to other readers, and is refused.

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;

/// Beyond any vocabulary; keeps a wrong id from asking for gigabytes.
constexpr std::int64_t kMaxId = 10'000'000;

using Ids = std::unordered_map<std::string_view, TokenId>;

Error corrupt(std::string message) { return {ErrorCode::data_corrupt, std::move(message)}; }
Error unsupported(std::string message) { return {ErrorCode::unsupported, std::move(message)}; }

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

Result<void> read_vocabulary(const JsonFields& model, TokenizerSpec& spec) {
  const json::value* vocabulary = model.find("vocab");
  if (vocabulary == nullptr || !vocabulary->is_object()) {
    return corrupt(model.path("vocab") + " is missing or no object");
  }
  spec.vocabulary.reserve(vocabulary->get_object().size());
  for (const json::key_value_pair& item : vocabulary->get_object()) {
    const std::string_view token = item.key();
    const std::int64_t* id = item.value().if_int64();
    if (id == nullptr || *id < 0 || *id > kMaxId) {
      return corrupt("the id of " + in_quotes(token) + " in " + model.path("vocab") +
                     " is no whole number from 0 to " + std::to_string(kMaxId));
    }
    spec.vocabulary.emplace_back(token, static_cast<TokenId>(*id));
  }
  std::sort(spec.vocabulary.begin(), spec.vocabulary.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto twice =
      std::adjacent_find(spec.vocabulary.begin(), spec.vocabulary.end(),
                         [](const auto& a, const auto& b) { return a.second == b.second; });
  if (twice == spec.vocabulary.end()) return {};
  return corrupt("the tokens " + in_quotes(twice->first) + " and " + in_quotes((twice + 1)->first) +
                 " both have the id " + std::to_string(twice->second));
}

Ids ids_of(const TokenizerSpec& spec) {
  Ids ids;
  ids.reserve(spec.vocabulary.size());
  for (const auto& [token, id] : spec.vocabulary) ids.emplace(token, id);
  return ids;
}

/// Both sides of a merge; empty sides when it is none.
std::pair<std::string_view, std::string_view> sides_of(const json::value& merge) {
  if (const json::array* pair = merge.if_array()) {
    if (pair->size() != 2 || !pair->at(0).is_string() || !pair->at(1).is_string()) return {};
    return {pair->at(0).get_string(), pair->at(1).get_string()};
  }
  if (!merge.is_string()) return {};
  const std::string_view line = merge.get_string();
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || line.find(' ', blank + 1) != std::string_view::npos) {
    return {};
  }
  return {line.substr(0, blank), line.substr(blank + 1)};
}

bool is_version_line(const json::value& merge) {
  return merge.is_string() && std::string_view(merge.get_string()).starts_with("#version");
}

Result<void> read_merges(const JsonFields& model, TokenizerSpec& spec) {
  const Result<const json::array*> merges = model.array("merges");
  if (!merges) return merges.error();
  const Ids ids = ids_of(spec);
  spec.merges.reserve((*merges)->size());
  for (const json::value& merge : **merges) {
    if (is_version_line(merge)) continue;
    const auto [left, right] = sides_of(merge);
    const std::string place = "merge " + std::to_string(spec.merges.size() + 1);
    if (left.empty() || right.empty()) {
      return corrupt(place + " of " + model.path("merges") + " is no pair of tokens");
    }
    const std::string joined = std::string(left).append(right);
    for (const std::string_view token : {left, right, std::string_view(joined)}) {
      if (ids.contains(token)) continue;
      return corrupt(place + ", " + in_quotes(left) + " and " + in_quotes(right) +
                     ", needs the token " + in_quotes(token) + ", which " + model.path("vocab") +
                     " has not");
    }
    spec.merges.emplace_back(left, right);
  }
  return {};
}

bool has_all_bytes(const TokenizerSpec& spec) {
  const Ids ids = ids_of(spec);
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (!ids.contains(to_letters({&c, 1}))) return false;
  }
  return true;
}

bool is_zero(const json::value& value) {
  return (value.is_double() && value.get_double() == 0.0) ||
         (value.is_int64() && value.get_int64() == 0);
}

Result<void> check_features(const JsonFields& model, const TokenizerSpec& spec) {
  const Result<void> known =
      model.only({"type", "vocab", "merges", "dropout", "unk_token", "continuing_subword_prefix",
                  "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges"});
  if (!known) return known.error();
  const json::value* dropout = model.find("dropout");
  if (dropout != nullptr && !is_zero(*dropout)) {
    return unsupported(model.path("dropout") +
                       " is not supported: one text must have one encoding");
  }
  for (const std::string_view affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json::value* value = model.find(affix);
    if (value == nullptr || (value->is_string() && value->get_string().empty())) continue;
    return unsupported(model.path(affix) + " is not supported: byte-level BPE has none");
  }
  const Result<bool> fallback = model.flag("byte_fallback");
  if (!fallback) return fallback.error();
  for (const std::string_view field : {"unk_token", "byte_fallback"}) {
    const bool given = field == "unk_token" ? model.find(field) != nullptr : *fallback;
    if (!given || has_all_bytes(spec)) continue;
    return unsupported(model.path(field) + " is not supported with a vocabulary that lacks bytes");
  }
  return {};
}

Result<AddedToken> read_added_token(const json::value& value, const std::string& place) {
  const Result<JsonFields> fields = JsonFields::of(value, place);
  if (!fields) return fields.error();
  const Result<void> known =
      fields->only({"id", "content", "special", "single_word", "lstrip", "rstrip", "normalized"});
  if (!known) return known.error();
  const Result<std::string_view> content = fields->text("content");
  if (!content) return content.error();
  const Result<std::int64_t> id = fields->number("id");
  if (!id) return id.error();
  if (*id < 0 || *id > kMaxId) return corrupt(place + ".id is not from 0 to 10000000");
  AddedToken token{.id = static_cast<TokenId>(*id), .content = std::string(*content)};
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

}  // namespace

Result<void> read_model(const JsonFields& model, TokenizerSpec& spec) {
  if (model.find("type") != nullptr) {
    const Result<std::string_view> type = model.text("type");
    if (!type) return type.error();
    if (*type != "BPE") {
      return unsupported("model '" + std::string(*type) + "' is not supported: BPE is expected");
    }
  }
  if (const Result<void> read = read_vocabulary(model, spec); !read) return read.error();
  if (const Result<void> checked = check_features(model, spec); !checked) return checked.error();
  const Result<bool> ignore_merges = model.flag("ignore_merges");
  if (!ignore_merges) return ignore_merges.error();
  spec.ignore_merges = *ignore_merges;
  return read_merges(model, spec);
}

Result<void> read_added_tokens(const json::array& tokens, TokenizerSpec& spec) {
  const Ids ids = ids_of(spec);
  std::unordered_set<std::string> seen;
  TokenId next = static_cast<TokenId>(spec.vocabulary.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string place = "added_tokens[" + std::to_string(i) + "]";
    Result<AddedToken> token = read_added_token(tokens[i], place);
    if (!token) return std::move(token).error();
    if (token->content.empty()) continue;
    if (!seen.insert(token->content).second) {
      return corrupt(place + ": " + in_quotes(token->content) + " is there twice");
    }
    const auto found = ids.find(token->content);
    const TokenId expected = found == ids.end() ? next : found->second;
    if (token->id != expected) {
      return corrupt(place + ": " + in_quotes(token->content) + " has the id " +
                     std::to_string(token->id) + ", its place gives it " +
                     std::to_string(expected));
    }
    next = std::max(next, token->id + 1);
    spec.added.push_back(*std::move(token));
  }
  return {};
}

}  // namespace liquid::tokenizer
