#include "tracking/sqlite/registry_rules.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <utility>

#include "base/unicode.h"

namespace liquid::tracking::sqlite {
namespace {

constexpr std::size_t kMaxTagKey = 250;
constexpr std::size_t kMaxTagValue = 100'000;
constexpr std::size_t kMaxAlias = 255;

Error invalid(std::string message) {
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Letters and digits of any script, "_", and the ASCII characters in `also`.
bool consists_of_words(std::string_view text, std::string_view also) {
  if (!is_valid_utf8(text)) return false;
  for (std::size_t at = 0; at < text.size();) {
    const char first = text[at];
    const char32_t code_point = next_code_point(text, at);
    if (!is_word_code_point(code_point) && first != '_' &&
        also.find(first) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// Characters, as limits count them.
std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte
  }));
}

Result<void> check_length(std::string_view what, std::string_view text, std::size_t limit) {
  if (length(text) <= limit) return {};
  return invalid("'" + std::string(what) + "' exceeds the maximum length of " +
                 std::to_string(limit) + " characters");
}

/// As Python's posixpath.normpath.
std::string normal_path(std::string_view path) {
  std::vector<std::string_view> steps;
  const bool rooted = path.starts_with('/');
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view step = path.substr(at, end - at);
    at = end + 1;
    if (step.empty() || step == ".") continue;
    if (step != ".." || (steps.empty() ? !rooted : steps.back() == "..")) {
      steps.push_back(step);
    } else if (!steps.empty()) {
      steps.pop_back();
    }
  }
  std::string out = rooted ? (path.starts_with("//") && !path.starts_with("///") ? "//" : "/") : "";
  for (std::size_t i = 0; i < steps.size(); ++i) out.append(i == 0 ? "" : "/").append(steps[i]);
  return out.empty() ? "." : out;
}

/// Names may become paths of files, and must then not mean another one.
Result<void> check_plain_path(std::string_view parameter, std::string_view name) {
  const std::string normal = normal_path(name);
  if (normal == name && normal != "." && !normal.starts_with("..") && !normal.starts_with('/')) {
    return {};
  }
  return invalid("Invalid value \"" + std::string(name) + "\" for parameter '" +
                 std::string(parameter) +
                 "' supplied: Names may be treated as files in certain cases, and must not resolve "
                 "to other names when treated as such. This name would resolve to '" +
                 normal + "'");
}

Result<void> check_tag_lengths(const Tag& tag) {
  Result<void> key = check_length("key", tag.key, kMaxTagKey);
  if (!key) return key;
  return check_length("value", tag.value, kMaxTagValue);
}

}  // namespace

Result<void> check_text(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    if (!is_valid_utf8(text)) {
      return invalid("'" + std::string(text) + "' is not valid UTF-8; MLflow keeps text only");
    }
  }
  return {};
}

Result<void> check_model_name(std::string_view name) {
  if (is_blank(name)) return invalid("Missing value for required parameter 'name'.");
  if (name.find_first_of("/:") != std::string_view::npos) {
    return invalid("Invalid model name '" + std::string(name) +
                   "'. Names cannot contain '/' or ':'.");
  }
  Result<void> text = check_text({name});
  if (!text) return text;
  return check_plain_path("name", name);
}

Result<void> check_new_model_name(std::string_view name) {
  if (is_blank(name)) return invalid("Missing value for required parameter 'new_name'.");
  return check_model_name(name);
}

Result<void> check_entity_name(std::string_view parameter, std::string_view name) {
  if (!consists_of_words(name, "/.- :")) {
    return invalid("Invalid value \"" + std::string(name) + "\" for parameter '" +
                   std::string(parameter) +
                   "' supplied: Names may only contain alphanumerics, "
                   "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes "
                   "(/).");
  }
  return check_plain_path(parameter, name);
}

Result<void> check_tag_key(std::string_view key) { return check_entity_name("key", key); }

Result<void> check_model_tag(const Tag& tag) {
  Result<void> valid = check_tag_key(tag.key);
  if (valid) valid = check_text({tag.value});
  if (valid) valid = check_tag_lengths(tag);
  return valid;
}

Result<void> check_version_tag(const Tag& tag) {
  if (tag.key == kPromptTextTag && length(tag.value) > kMaxTagValue) {
    return invalid("Prompt text exceeds max length of " + std::to_string(kMaxTagValue) +
                   " characters.");
  }
  return check_model_tag(tag);
}

Result<void> check_alias(std::string_view alias) {
  if (alias.empty()) return invalid("Registered model alias name cannot be empty.");
  if (!consists_of_words(alias, "-")) {
    return invalid("Invalid alias name: '" + std::string(alias) +
                   "'. Names may only contain alphanumerics, underscores (_), and dashes (-).");
  }
  return check_length("Registered model alias name", alias, kMaxAlias);
}

Result<void> check_new_alias(std::string_view alias) {
  Result<void> valid = check_alias(alias);
  if (!valid) return valid;
  if (same_word(alias, "latest")) {
    return invalid("'latest' alias name (case insensitive) is reserved.");
  }
  if (same_word(alias.substr(0, 1), "v") && is_digits(alias.substr(1))) {
    return invalid("Version alias name '" + std::string(alias) + "' is reserved.");
  }
  return {};
}

Result<void> check_logged_model_name(std::string_view name) {
  if (!name.empty() && name.find_first_of("/:.%\"'") == std::string_view::npos) {
    return check_text({name});
  }
  return invalid("Invalid model name ('" + std::string(name) +
                 "') provided. Model name must be a non-empty string and cannot contain the "
                 "following characters: ('/', ':', '.', '%', '\"', \"'\")");
}

Result<std::int64_t> version_number(std::string_view text) {
  std::string_view digits = text;
  while (!digits.empty() && is_blank(digits.substr(0, 1))) digits.remove_prefix(1);
  while (!digits.empty() && is_blank(digits.substr(digits.size() - 1))) digits.remove_suffix(1);
  if (digits.starts_with('+') && is_digits(digits.substr(1))) digits.remove_prefix(1);
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, failed] = std::from_chars(digits.data(), end, number);
  if (failed == std::errc() && stop == end) return number;
  return invalid("Parameter 'version' must be an integer, got '" + std::string(text) + "'.");
}

bool same_word(std::string_view a, std::string_view b) { return folded(a) == folded(b); }

bool is_prompt(const std::vector<Tag>& tags) {
  const auto last = std::find_if(tags.rbegin(), tags.rend(),
                                 [](const Tag& tag) { return tag.key == kPromptTag; });
  return last != tags.rend() && same_word(last->value, "true");
}

}  // namespace liquid::tracking::sqlite
