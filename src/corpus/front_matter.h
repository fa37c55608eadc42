#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "corpus/document.h"

namespace liquid::corpus {

/// The YAML block some Markdown files start with:
///   ---
///   key: value        (scalars only; quotes around the value are dropped)
///   ---
struct FrontMatter {
  std::string title;
  Metadata metadata;       ///< Every other simple `key: value`.
  std::size_t length = 0;  ///< Bytes up to the body; 0 when there is none.
};

/// A first block between rules that holds anything but YAML keys is text, not front matter.
FrontMatter split_front_matter(std::string_view text);

}  // namespace liquid::corpus
