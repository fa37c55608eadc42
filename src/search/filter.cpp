#include "search/filter.h"

#include "search/position_codec.h"

namespace liquid::search {
namespace {

constexpr std::string_view kPath = "path";
constexpr std::string_view kDocumentId = "document_id";

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

/// A pattern as a machine with one state per element, run over the path for all states at once: no
/// pattern can make it slow.
class Glob {
 public:
  explicit Glob(std::string_view pattern) {
    for (std::size_t at = 0; at < pattern.size();) at += add_element(pattern.substr(at));
  }

  bool matches(std::string_view path) const {
    std::vector<bool> states(elements_.size() + 1);
    enter(states, 0);
    for (const char c : path) {
      std::vector<bool> next(states.size());
      for (std::size_t i = 0; i < elements_.size(); ++i) {
        if (states[i]) step(next, i, c);
      }
      states.swap(next);
    }
    return states.back();
  }

 private:
  enum class Kind {
    literal,
    any_one,         // ?
    star,            // *
    globstar,        // **
    folders,         // **/ where nothing of it is used yet
    inside_folders,  // **/ after its first character; always follows `folders`
  };
  struct Element {
    Kind kind = Kind::literal;
    char wanted = 0;
  };

  // Returns the length of the element that `rest` begins with.
  std::size_t add_element(std::string_view rest) {
    if (rest.substr(0, 3) == "**/") {
      elements_.push_back({Kind::folders});
      elements_.push_back({Kind::inside_folders});
      return 3;
    }
    if (rest.substr(0, 2) == "**") {
      elements_.push_back({Kind::globstar});
      return 2;
    }
    elements_.push_back({rest[0] == '*'   ? Kind::star
                         : rest[0] == '?' ? Kind::any_one
                                          : Kind::literal,
                         rest[0]});
    return 1;
  }

  // Reaches a state, and those behind it that need no character.
  void enter(std::vector<bool>& states, std::size_t state) const {
    while (!states[state]) {
      states[state] = true;
      if (state == elements_.size()) return;
      const Kind kind = elements_[state].kind;
      if (kind == Kind::folders) {
        state += 2;
      } else if (kind == Kind::star || kind == Kind::globstar) {
        ++state;
      } else {
        return;
      }
    }
  }

  void step(std::vector<bool>& next, std::size_t state, char c) const {
    const Element& element = elements_[state];
    switch (element.kind) {
      case Kind::literal:
        if (c == element.wanted) enter(next, state + 1);
        return;
      case Kind::any_one:
        if (c != '/') enter(next, state + 1);
        return;
      case Kind::star:
        if (c != '/') enter(next, state);
        return;
      case Kind::globstar: return enter(next, state);
      case Kind::folders:
        next[state + 1] = true;
        if (c == '/') enter(next, state + 2);
        return;
      case Kind::inside_folders:
        next[state] = true;
        if (c == '/') enter(next, state + 1);
        return;
    }
  }

  std::vector<Element> elements_;
};

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  return Glob(pattern).matches(path);
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
