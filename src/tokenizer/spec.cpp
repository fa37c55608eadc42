#include "tokenizer/spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tokenizer/json_fields.h"
#include "tokenizer/model_json.h"

// tokenizer.json = { "version"?: "1.0", "truncation", "padding", "added_tokens": [token, …],
//                    "normalizer": none, "pre_tokenizer": pre, "post_processor": post,
//                    "decoder": decoder, "model": model }              (model and token:
//                    model_json.cpp)
//
//   none    = null | { "type": "Sequence", "normalizers": [] }
//   pre     = split, bytes(use_regex false) | bytes(use_regex true)    alone or in a "Sequence"
//   split   = { "type": "Split", "pattern": { "Regex": one of splitter.cpp },
//               "behavior": "Isolated", "invert": false | "Removed", true }
//   bytes   = { "type": "ByteLevel", "add_prefix_space": false, "use_regex"?: flag }
//   post    = null | bytes' offsets | template                         alone or in a "Sequence"
//   template= { "type": "TemplateProcessing",
//               "single": [ {"SpecialToken": {"id"}} …, {"Sequence": {"id": "A"}}, … ],
//               "special_tokens": { id: { "ids": [n, …] } } }
//   decoder = { "type": "ByteLevel" }                                  alone or in a "Sequence"
//
// "truncation" and "padding" say what a batch is cut or filled to; that is the caller's matter
// here.

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;

Error unsupported(std::string message) { return {ErrorCode::unsupported, std::move(message)}; }

Result<std::string> type_of(const JsonFields& fields) {
  const Result<std::string_view> type = fields.text("type");
  if (!type) return type.error();
  return std::string(*type);
}

/// A stage, or the stages of a "Sequence" under `list`, each with its place.
Result<std::vector<JsonFields>> stages_of(const JsonFields& stage, std::string_view list) {
  const Result<std::string> type = type_of(stage);
  if (!type) return type.error();
  std::vector<JsonFields> stages;
  if (*type != "Sequence") {
    stages.push_back(stage);
    return stages;
  }
  const Result<const json::array*> members = stage.array(list);
  if (!members) return members.error();
  for (std::size_t i = 0; i < (*members)->size(); ++i) {
    Result<JsonFields> member =
        JsonFields::of((*members)->at(i), stage.path(list) + "[" + std::to_string(i) + "]");
    if (!member) return std::move(member).error();
    stages.push_back(*member);
  }
  return stages;
}

Result<void> check_normalizer(const JsonFields& file) {
  if (file.find("normalizer") == nullptr) return {};
  const Result<JsonFields> normalizer = file.object("normalizer");
  if (!normalizer) return normalizer.error();
  const Result<std::vector<JsonFields>> stages = stages_of(*normalizer, "normalizers");
  if (!stages) return stages.error();
  if (stages->empty()) return {};
  const Result<std::string> type = type_of(stages->front());
  if (!type) return type.error();
  return unsupported("normalizer '" + *type +
                     "' is not supported: the text must go unchanged to the pre_tokenizer (null)");
}

/// Whether a ByteLevel stage cuts by GPT-2's pattern itself.
Result<bool> cuts_itself(const JsonFields& bytes) {
  const Result<void> known = bytes.only({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  if (!known) return known.error();
  const Result<bool> prefix = bytes.flag("add_prefix_space");
  if (!prefix) return prefix.error();
  if (*prefix) return unsupported(bytes.path("add_prefix_space") + " true is not supported");
  if (bytes.find("use_regex") == nullptr) return true;
  return bytes.flag("use_regex");
}

Result<SplitPattern> read_split(const JsonFields& split) {
  const Result<void> known = split.only({"type", "pattern", "behavior", "invert"});
  if (!known) return known.error();
  const Result<JsonFields> pattern = split.object("pattern");
  if (!pattern) return pattern.error();
  if (pattern->find("Regex") == nullptr) {
    return unsupported(pattern->place() + " is not supported: a Regex is expected");
  }
  const Result<std::string_view> regex = pattern->text("Regex");
  if (!regex) return regex.error();
  const Result<std::string_view> behavior = split.text("behavior");
  if (!behavior) return behavior.error();
  const Result<bool> invert = split.flag("invert");
  if (!invert) return invert.error();
  // The patterns leave no character out, so keeping the matches and cutting at them is the same.
  if (*behavior != (*invert ? "Removed" : "Isolated")) {
    return unsupported(split.path("behavior") + " '" + std::string(*behavior) + "'" +
                       (*invert ? " with invert" : "") +
                       " is not supported: Isolated, or Removed with invert, is expected");
  }
  if (const std::optional<SplitPattern> found = pattern_of(*regex)) return *found;
  return unsupported(pattern->path("Regex") + " '" + std::string(*regex) +
                     "' is not supported: the patterns of LFM2 (Llama 3), Qwen 2 and GPT-2 are");
}

Result<SplitPattern> read_pre_tokenizer(const JsonFields& file) {
  if (file.find("pre_tokenizer") == nullptr) {
    return unsupported("pre_tokenizer null is not supported: a byte-level one is expected");
  }
  const Result<JsonFields> outer = file.object("pre_tokenizer");
  if (!outer) return outer.error();
  const Result<std::vector<JsonFields>> stages = stages_of(*outer, "pretokenizers");
  if (!stages) return stages.error();
  std::optional<SplitPattern> pattern;
  bool to_bytes = false;
  for (const JsonFields& stage : *stages) {
    const Result<std::string> type = type_of(stage);
    if (!type) return type.error();
    if (*type == "Split" && !pattern && !to_bytes) {
      const Result<SplitPattern> split = read_split(stage);
      if (!split) return split.error();
      pattern = *split;
    } else if (*type == "ByteLevel" && !to_bytes) {
      const Result<bool> cuts = cuts_itself(stage);
      if (!cuts) return cuts.error();
      if (*cuts == pattern.has_value()) {
        return unsupported(stage.path("use_regex") +
                           (*cuts ? " true behind a Split" : " false alone") + " is not supported");
      }
      if (*cuts) pattern = SplitPattern::gpt2;
      to_bytes = true;
    } else {
      return unsupported("pre_tokenizer '" + *type + "' (" + stage.place() +
                         ") is not supported: a Split and then ByteLevel are expected");
    }
  }
  if (!to_bytes) return unsupported("a pre_tokenizer without ByteLevel is not supported");
  return *pattern;
}

Result<std::vector<TokenId>> special_ids(const JsonFields& post, std::string_view name) {
  const Result<JsonFields> specials = post.object("special_tokens");
  if (!specials) return specials.error();
  const Result<JsonFields> special = specials->object(name);
  if (!special) return special.error();
  const Result<const json::array*> numbers = special->array("ids");
  if (!numbers) return numbers.error();
  std::vector<TokenId> ids;
  for (const json::value& number : **numbers) {
    const std::int64_t* id = number.if_int64();
    if (id == nullptr || *id < 0 || *id > INT32_MAX) {
      return Error{ErrorCode::data_corrupt, special->path("ids") + " holds what is no id"};
    }
    ids.push_back(static_cast<TokenId>(*id));
  }
  return ids;
}

Result<void> read_template(const JsonFields& post, TokenizerSpec& spec) {
  const Result<void> known = post.only({"type", "single", "pair", "special_tokens"});
  if (!known) return known.error();
  const Result<const json::array*> single = post.array("single");
  if (!single) return single.error();
  bool behind = false;
  for (const json::value& value : **single) {
    const Result<JsonFields> item = JsonFields::of(value, post.path("single"));
    if (!item) return item.error();
    if (item->find("Sequence") != nullptr) {
      if (behind) return unsupported(post.path("single") + " with two texts is not supported");
      behind = true;
      continue;
    }
    const Result<JsonFields> special = item->object("SpecialToken");
    if (!special) return special.error();
    const Result<std::string_view> name = special->text("id");
    if (!name) return name.error();
    const Result<std::vector<TokenId>> ids = special_ids(post, *name);
    if (!ids) return ids.error();
    std::vector<TokenId>& side = behind ? spec.suffix : spec.prefix;
    side.insert(side.end(), ids->begin(), ids->end());
  }
  if (behind) return {};
  return unsupported(post.path("single") + " without the text is not supported");
}

Result<void> read_post_processor(const JsonFields& file, TokenizerSpec& spec) {
  if (file.find("post_processor") == nullptr) return {};
  const Result<JsonFields> outer = file.object("post_processor");
  if (!outer) return outer.error();
  const Result<std::vector<JsonFields>> stages = stages_of(*outer, "processors");
  if (!stages) return stages.error();
  bool read = false;
  for (const JsonFields& stage : *stages) {
    const Result<std::string> type = type_of(stage);
    if (!type) return type.error();
    if (*type == "ByteLevel") continue;
    if (*type != "TemplateProcessing" || read) {
      return unsupported("post_processor '" + *type + "' (" + stage.place() +
                         ") is not supported: one TemplateProcessing is expected");
    }
    const Result<void> done = read_template(stage, spec);
    if (!done) return done.error();
    read = true;
  }
  return {};
}

Result<void> check_decoder(const JsonFields& file) {
  if (file.find("decoder") == nullptr) {
    return unsupported("decoder null is not supported: ByteLevel is expected");
  }
  const Result<JsonFields> outer = file.object("decoder");
  if (!outer) return outer.error();
  const Result<std::vector<JsonFields>> stages = stages_of(*outer, "decoders");
  if (!stages) return stages.error();
  for (const JsonFields& stage : *stages) {
    const Result<std::string> type = type_of(stage);
    if (!type) return type.error();
    if (*type == "ByteLevel" && stages->size() == 1) return {};
    return unsupported("decoder '" + *type + "' (" + stage.place() +
                       ") is not supported: ByteLevel alone is expected");
  }
  return unsupported("a decoder without ByteLevel is not supported");
}

Result<void> check_version(const JsonFields& file) {
  Result<void> known = file.only({"version", "truncation", "padding", "added_tokens", "normalizer",
                                  "pre_tokenizer", "post_processor", "decoder", "model"});
  if (!known || file.find("version") == nullptr) return known;
  const Result<std::string_view> version = file.text("version");
  if (!version) return version.error();
  if (*version == "1.0") return {};
  return unsupported("version '" + std::string(*version) + "' is not supported: 1.0 is expected");
}

/// Every id that the post-processor writes must be a token.
Result<void> check_template_ids(const TokenizerSpec& spec) {
  for (const auto* side : {&spec.prefix, &spec.suffix}) {
    for (const TokenId id : *side) {
      bool found = false;
      for (const auto& entry : spec.vocabulary) found = found || entry.second == id;
      for (const AddedToken& token : spec.added) found = found || token.id == id;
      if (found) continue;
      return Error{ErrorCode::data_corrupt,
                   "post_processor writes the id " + std::to_string(id) + ", which no token has"};
    }
  }
  return {};
}

}  // namespace

Result<TokenizerSpec> read_tokenizer_json(std::string_view text) {
  boost::system::error_code failed;
  const json::value root = json::parse(text, failed);
  if (failed) return Error{ErrorCode::data_corrupt, "no JSON: " + failed.message()};
  const Result<JsonFields> file = JsonFields::of(root, "");
  if (!file) return file.error();
  if (const Result<void> checked = check_version(*file); !checked) return checked.error();
  if (const Result<void> checked = check_normalizer(*file); !checked) return checked.error();
  TokenizerSpec spec;
  const Result<SplitPattern> pattern = read_pre_tokenizer(*file);
  if (!pattern) return pattern.error();
  spec.pattern = *pattern;
  if (const Result<void> checked = check_decoder(*file); !checked) return checked.error();
  const Result<JsonFields> model = file->object("model");
  if (!model) return model.error();
  if (const Result<void> read = read_model(*model, spec); !read) return read.error();
  if (file->find("added_tokens") != nullptr) {
    const Result<const json::array*> added = file->array("added_tokens");
    if (!added) return added.error();
    if (const Result<void> read = read_added_tokens(**added, spec); !read) return read.error();
  }
  if (const Result<void> read = read_post_processor(*file, spec); !read) return read.error();
  if (const Result<void> checked = check_template_ids(spec); !checked) return checked.error();
  return spec;
}

}  // namespace liquid::tokenizer
