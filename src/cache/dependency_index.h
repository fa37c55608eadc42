#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace liquid::cache {

/// What the dependency index keeps in each entry. Null for an entry that depends on no document.
struct DependencyHook {
  struct Link {
    std::uint32_t document;
    std::uint32_t position;  ///< In that document's list of dependants.
  };
  std::unique_ptr<std::vector<Link>> links;
};

/// Document id → the entries made from it. Owns no entry. Not synchronised.
///
/// Invariant: for every link L of an entry E, documents_[L.document].dependants[L.position] == &E.
class DependencyIndex {
 public:
  /// Repeated ids count once.
  void insert(DependencyHook& entry, const std::vector<std::string>& document_ids);
  /// O(documents of this entry, and of those that take its places).
  void erase(DependencyHook& entry);
  /// Null when there are none; changes with `insert` and `erase`.
  const std::vector<DependencyHook*>* dependants(std::string_view document_id) const;
  bool depends(const DependencyHook& entry, std::string_view document_id) const;
  std::size_t documents() const { return numbers_.size(); }

 private:
  struct Document {
    const std::string* id = nullptr;  // the key in numbers_
    std::vector<DependencyHook*> dependants;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::uint32_t number_of(const std::string& document_id);
  void unlink(const DependencyHook::Link& link);
  void forget(std::uint32_t document);

  std::vector<Document> documents_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> numbers_;
};

}  // namespace liquid::cache
