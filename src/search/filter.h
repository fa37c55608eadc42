#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/document.h"
#include "search/chunk_index.h"
#include "search/segment.h"

namespace liquid::search {

/// True when the whole of `path` fits `pattern`: `*` stands for any characters but '/', `**` for
/// any characters at all (and "**/" also for nothing), `?` for one character but '/'; all else for
/// itself.
bool glob_matches(std::string_view pattern, std::string_view path);

/// Metadata as one string: (length, name, length, value)*, sorted by name.
std::string encode_metadata(const corpus::Metadata& metadata);
/// True when the encoded metadata hold this pair. Damaged bytes hold nothing.
bool metadata_holds(std::string_view encoded, std::string_view name, std::string_view value);

/// A filter applied to one segment; remembers verdicts per distinct path and metadata. One thread.
class SegmentFilter {
 public:
  /// Both are borrowed.
  SegmentFilter(const Filter& filter, const Segment& segment);

  bool accepts_all() const { return filter_.all_of.empty(); }
  bool accepts(std::uint32_t document);

 private:
  enum class Verdict : std::uint8_t { unknown, yes, no };

  bool id_fits(std::uint32_t document) const;
  bool path_fits(std::uint32_t path);
  bool metadata_fits(std::uint32_t metadata);

  const Filter& filter_;
  const Segment& segment_;
  std::vector<Verdict> paths_;
  std::vector<Verdict> metadata_;
};

}  // namespace liquid::search
