#include "tracking/artifacts/artifact_path.h"

#include <algorithm>

#include "tracking/text_coding.h"

// path  = "" | part *( "/" part )
// part  = 1*byte, without "/", "\" and NUL, and neither "." nor ".."
// The first part is no drive letter (a letter and ":").

namespace liquid::tracking::artifacts {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// NUL and other control characters as they can be shown.
std::string shown(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += percent_encoded({&c, 1});
    } else {
      out.push_back(c);
    }
  }
  return out;
}

const char* fault_of_part(std::string_view part) {
  if (part.empty()) return "a part is empty";
  if (part == "." || part == "..") return "\".\" and \"..\" are not allowed";
  return nullptr;
}

const char* fault_of(std::string_view path) {
  if (path.empty()) return nullptr;
  if (path.front() == '/') return "it is absolute";
  if (path.find('\\') != std::string_view::npos) return "it has a backslash";
  if (path.find('\0') != std::string_view::npos) return "it has a NUL";
  if (path.size() >= 2 && is_letter(path[0]) && path[1] == ':') return "it has a drive letter";
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (const char* fault = fault_of_part(path.substr(begin, end - begin))) return fault;
    begin = end + 1;
  }
  return nullptr;
}

}  // namespace

Result<void> check_path(std::string_view path) {
  const char* fault = fault_of(path);
  if (fault == nullptr) return {};
  return Error{ErrorCode::invalid_argument,
               "artifact path \"" + shown(path) + "\": " + fault +
                   "; expected a relative path like \"model/MLmodel\""};
}

Result<void> check_path_below_root(std::string_view path) {
  if (!path.empty()) return check_path(path);
  return Error{ErrorCode::invalid_argument,
               "artifact path \"\": it means the root; expected a path like \"model/MLmodel\""};
}

std::string join(std::string_view folder, std::string_view path) {
  std::string joined(folder);
  if (!folder.empty() && !path.empty()) joined.push_back('/');
  return joined.append(path);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string encode_path(std::string_view path) { return percent_encoded(path, "/"); }

std::string decode_fully(std::string_view text) {
  std::string before(text);
  for (;;) {  // ends: each change makes the text shorter
    std::string after = percent_decoded(before);
    if (after.size() == before.size()) return after;
    before = std::move(after);
  }
}

}  // namespace liquid::tracking::artifacts
