#include "tracking/models/json_file.h"

#include "base/file.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// tokenizer.json of large vocabularies takes 30 MB.
constexpr std::uint64_t kMaxJsonBytes = 256U << 20;

}  // namespace

Error corrupt(const fs::path& file, std::string_view what) {
  return {ErrorCode::data_corrupt, file.string() + ": " + std::string(what)};
}

Result<json::object> read_json_object(const fs::path& file) {
  Result<std::string> text = read_file(file, kMaxJsonBytes);
  if (!text) return std::move(text).error();
  json::error_code problem;
  json::parse_options options;
  options.max_depth = 64;
  json::value value = json::parse(*text, problem, {}, options);
  if (problem || !value.is_object()) return corrupt(file, "is not a JSON object");
  return std::move(value.as_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace liquid::tracking
