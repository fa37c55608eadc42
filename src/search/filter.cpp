#include "search/filter.h"

#include "search/position_codec.h"

namespace liquid::search {
namespace {

constexpr std::string_view kPath = "path";
constexpr std::string_view kDocumentId = "document_id";

// Where to go on when the text after a star did not fit: one character further under that star.
struct Retry {
  std::size_t pattern = std::string_view::npos;  // behind the star
  std::size_t path = 0;                          // first character not yet under the star
};

// Reads "length, bytes" and cuts it off; nothing when the bytes end too early.
bool take(std::string_view& rest, std::string_view& piece) {
  std::size_t at = 0;
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (at >= rest.size()) return false;
    const auto byte = static_cast<unsigned char>(rest[at++]);
    length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  if (length > rest.size() - at) return false;
  piece = rest.substr(at, length);
  rest.remove_prefix(at + length);
  return true;
}

void append_text(std::string& out, std::string_view text) {
  std::vector<std::uint8_t> length;
  append_varint(length, text.size());
  out.append(length.begin(), length.end());
  out.append(text);
}

class GlobMatch {
 public:
  GlobMatch(std::string_view pattern, std::string_view path) : pattern_(pattern), path_(path) {}

  bool run() {
    while (at_path_ < path_.size()) {
      if (take_star()) continue;
      if (one_fits()) {
        ++at_pattern_;
        ++at_path_;
        continue;
      }
      if (!widen(star_) && !widen_globstar()) return false;
    }
    while (take_star()) {
    }
    return at_pattern_ == pattern_.size();
  }

 private:
  bool take_star() {
    if (at_pattern_ >= pattern_.size() || pattern_[at_pattern_] != '*') return false;
    const bool twice = pattern_.substr(at_pattern_, 2) == "**";
    at_pattern_ += twice ? 2 : 1;
    if (!twice) {
      star_ = {at_pattern_, at_path_};
      return true;
    }
    // "**/" may stand for nothing: go on behind the slash, and come back to it if that fails.
    slash_ = at_pattern_ < pattern_.size() && pattern_[at_pattern_] == '/';
    if (slash_) ++at_pattern_;
    globstar_ = {at_pattern_, at_path_};
    star_ = {};
    return true;
  }

  bool one_fits() const {
    if (at_pattern_ >= pattern_.size()) return false;
    const char wanted = pattern_[at_pattern_];
    return wanted == '?' ? path_[at_path_] != '/' : wanted == path_[at_path_];
  }

  bool widen(Retry& star) {
    if (star.pattern == std::string_view::npos || path_[star.path] == '/') return false;
    at_pattern_ = star.pattern;
    at_path_ = ++star.path;
    return true;
  }

  bool widen_globstar() {
    if (globstar_.pattern == std::string_view::npos) return false;
    star_ = {};
    at_pattern_ = globstar_.pattern;
    ++globstar_.path;
    // After "**/" the rest starts at a path component.
    while (slash_ && globstar_.path < path_.size() && path_[globstar_.path - 1] != '/') {
      ++globstar_.path;
    }
    at_path_ = globstar_.path;
    return at_path_ <= path_.size();
  }

  std::string_view pattern_;
  std::string_view path_;
  std::size_t at_pattern_ = 0;
  std::size_t at_path_ = 0;
  Retry star_;
  Retry globstar_;
  bool slash_ = false;
};

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  return GlobMatch(pattern, path).run();
}

std::string encode_metadata(const corpus::Metadata& metadata) {
  std::string encoded;
  for (const auto& [name, value] : metadata) {
    append_text(encoded, name);
    append_text(encoded, value);
  }
  return encoded;
}

bool metadata_holds(std::string_view encoded, std::string_view name, std::string_view value) {
  std::string_view found_name;
  std::string_view found_value;
  while (take(encoded, found_name) && take(encoded, found_value)) {
    if (found_name == name) return found_value == value;
  }
  return false;
}

SegmentFilter::SegmentFilter(const Filter& filter, const Segment& segment)
    : filter_(filter), segment_(segment) {
  if (filter.all_of.empty()) return;
  paths_.assign(segment.paths.size(), Verdict::unknown);
  metadata_.assign(segment.metadata.size(), Verdict::unknown);
}

bool SegmentFilter::accepts(std::uint32_t document) {
  if (filter_.all_of.empty()) return true;
  return id_fits(document) && path_fits(segment_.document_path[document]) &&
         metadata_fits(segment_.document_metadata[document]);
}

bool SegmentFilter::id_fits(std::uint32_t document) const {
  for (const Filter::Condition& condition : filter_.all_of) {
    if (condition.field == kDocumentId && segment_.document_ids[document] != condition.value) {
      return false;
    }
  }
  return true;
}

bool SegmentFilter::path_fits(std::uint32_t path) {
  Verdict& verdict = paths_[path];
  if (verdict == Verdict::unknown) {
    verdict = Verdict::yes;
    for (const Filter::Condition& condition : filter_.all_of) {
      if (condition.field != kPath) continue;
      if (!glob_matches(condition.value, segment_.paths[path])) verdict = Verdict::no;
    }
  }
  return verdict == Verdict::yes;
}

bool SegmentFilter::metadata_fits(std::uint32_t metadata) {
  Verdict& verdict = metadata_[metadata];
  if (verdict == Verdict::unknown) {
    verdict = Verdict::yes;
    for (const Filter::Condition& condition : filter_.all_of) {
      if (condition.field == kPath || condition.field == kDocumentId) continue;
      if (!metadata_holds(segment_.metadata[metadata], condition.field, condition.value)) {
        verdict = Verdict::no;
      }
    }
  }
  return verdict == Verdict::yes;
}

}  // namespace liquid::search
