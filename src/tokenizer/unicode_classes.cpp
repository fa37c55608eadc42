#include "tokenizer/unicode_classes.h"

#include <map>

#include "tokenizer/unicode_classes_generated.h"

namespace liquid::tokenizer {

const UnicodeClasses& UnicodeClasses::table() {
  static const UnicodeClasses classes;
  return classes;
}

UnicodeClasses::UnicodeClasses() {
  std::vector<std::uint8_t> all(0x110000);
  for (const ClassRange& range : kClassRanges) {
    for (char32_t at = range.first; at <= range.last; ++at) all[at] = range.bits;
  }
  std::map<Page, std::uint16_t> known;
  for (std::size_t row = 0; row < page_of_.size(); ++row) {
    Page page{};
    for (std::size_t at = 0; at < page.size(); ++at) page[at] = all[row * page.size() + at];
    const auto [found, fresh] = known.emplace(page, static_cast<std::uint16_t>(pages_.size()));
    if (fresh) pages_.push_back(page);
    page_of_[row] = found->second;
  }
}

}  // namespace liquid::tokenizer
