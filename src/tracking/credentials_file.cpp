// ~/.mlflow/credentials, as Python's configparser reads it:
//
//   file    = { line "\n" }
//   line    = blanks | comment | section | setting
//   comment = ("#" | ";") text                  only at the start of a line
//   section = "[" name "]"                      settings count in [mlflow] alone
//   setting = key ("=" | ":") value             blanks around both are dropped, keys ignore case,
//                                               "%%" in a value is one "%"
//   key     = "mlflow_tracking_username" | "mlflow_tracking_password" | others, passed over

#include "tracking/credentials_file.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/file.h"

namespace liquid::tracking {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 20U;
constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

std::string unescaped(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    text += value[i];
    if (value.substr(i, 2) == "%%") ++i;
  }
  return text;
}

class Reader {
 public:
  /// False when the line is none of the grammar's.
  bool take(std::string_view line) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') return true;
    if (line.front() == '[') {
      const std::size_t end = line.find(']');
      if (end == std::string_view::npos) return false;
      in_section_ = line.substr(1, end - 1) == "mlflow";
      section_seen_ = true;
      return true;
    }
    const std::size_t mark = line.find_first_of("=:");
    if (mark == std::string_view::npos || mark == 0 || !section_seen_) return false;
    if (in_section_) keep(lower_case(trimmed(line.substr(0, mark))), line.substr(mark + 1));
    return true;
  }

  Credentials finish() { return std::move(found_); }

 private:
  void keep(const std::string& key, std::string_view value) {
    if (key == "mlflow_tracking_username") found_.username = unescaped(trimmed(value));
    if (key == "mlflow_tracking_password") found_.password = unescaped(trimmed(value));
  }

  Credentials found_;
  bool in_section_ = false;
  bool section_seen_ = false;
};

}  // namespace

Result<Credentials> read_credentials(const std::filesystem::path& path) {
  const Result<std::string> text = read_file(path, kMaxBytes);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return Credentials{};
    return text.error();
  }
  Reader reader;
  std::size_t number = 0;
  for (std::size_t start = 0; start < text->size();) {
    const std::size_t end = std::min(text->find('\n', start), text->size());
    ++number;
    if (!reader.take(std::string_view(*text).substr(start, end - start))) {
      return Error{ErrorCode::invalid_argument,
                   path.string() + ", line " + std::to_string(number) +
                       ": expected [mlflow], \"key = value\" below a section, or a comment"};
    }
    start = end + 1;
  }
  return reader.finish();
}

}  // namespace liquid::tracking
