#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace liquid::corpus {

/// The headings that are above the place reached so far. Levels are 1..6 as in HTML; a heading ends
/// those of its level and deeper, but never one from outside the sectioning element it stands in.
class HeadingPath {
 public:
  void add(std::size_t level, std::string heading);
  /// For HTML's <section> and <article>: leaving ends the headings given inside.
  void enter_section() { ++depth_; }
  void leave_section();
  std::vector<std::string> path() const;

 private:
  struct Heading {
    std::size_t depth;
    std::size_t level;
    std::string text;
  };
  std::vector<Heading> headings_;
  std::size_t depth_ = 0;
};

}  // namespace liquid::corpus
