#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace liquid {

/// A string that names one kind of thing, distinct from every other kind:
/// `using DocumentId = Id<struct DocumentTag>;`
template <typename Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string text_;
};

}  // namespace liquid

template <typename Tag>
struct std::hash<liquid::Id<Tag>> {
  std::size_t operator()(const liquid::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
