#include "corpus/heading_path.h"

#include <utility>

namespace liquid::corpus {

void HeadingPath::add(std::size_t level, std::string heading) {
  while (!headings_.empty() && headings_.back().depth >= depth_ &&
         headings_.back().level >= level) {
    headings_.pop_back();
  }
  headings_.push_back({depth_, level, std::move(heading)});
}

void HeadingPath::leave_section() {
  while (!headings_.empty() && headings_.back().depth >= depth_) headings_.pop_back();
  if (depth_ > 0) --depth_;
}

std::vector<std::string> HeadingPath::path() const {
  std::vector<std::string> texts;
  texts.reserve(headings_.size());
  for (const Heading& heading : headings_) texts.push_back(heading.text);
  return texts;
}

}  // namespace liquid::corpus
