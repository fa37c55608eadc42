#pragma once

#include <cstddef>
#include <string_view>

namespace liquid::corpus {

/// An upper bound, cheaply found, of how deep an HTML parser will nest the elements of `html`
/// (stops counting above `limit`). The parser takes time proportional to tags × depth, and
/// attributes × attributes of one tag; a page without end tags would occupy it for hours.
std::size_t html_nesting(std::string_view html, std::size_t limit);

}  // namespace liquid::corpus
