#include "cache/dependency_index.h"

#include <algorithm>

namespace liquid::cache {

void DependencyIndex::insert(DependencyHook& entry, const std::vector<std::string>& document_ids) {
  if (document_ids.empty()) return;
  entry.links = std::make_unique<std::vector<DependencyHook::Link>>();
  entry.links->reserve(document_ids.size());
  for (const std::string& id : document_ids) {
    const std::uint32_t number = number_of(id);
    std::vector<DependencyHook*>& dependants = documents_[number].dependants;
    // A repeated id finds this entry at the end of the list.
    if (!dependants.empty() && dependants.back() == &entry) continue;
    entry.links->push_back({number, static_cast<std::uint32_t>(dependants.size())});
    dependants.push_back(&entry);
  }
}

void DependencyIndex::erase(DependencyHook& entry) {
  if (!entry.links) return;
  for (const DependencyHook::Link& link : *entry.links) unlink(link);
  entry.links.reset();
}

const std::vector<DependencyHook*>* DependencyIndex::dependants(
    std::string_view document_id) const {
  const auto found = numbers_.find(document_id);
  return found == numbers_.end() ? nullptr : &documents_[found->second].dependants;
}

bool DependencyIndex::depends(const DependencyHook& entry, std::string_view document_id) const {
  const auto found = numbers_.find(document_id);
  if (found == numbers_.end() || !entry.links) return false;
  return std::any_of(
      entry.links->begin(), entry.links->end(),
      [&](const DependencyHook::Link& link) { return link.document == found->second; });
}

std::uint32_t DependencyIndex::number_of(const std::string& document_id) {
  const auto [place, is_new] = numbers_.try_emplace(document_id, 0);
  if (is_new) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(documents_.size()));
      documents_.emplace_back();
    }
    place->second = free_.back();
    free_.pop_back();
    documents_[place->second].id = &place->first;
  }
  return place->second;
}

void DependencyIndex::unlink(const DependencyHook::Link& link) {
  std::vector<DependencyHook*>& dependants = documents_[link.document].dependants;
  DependencyHook* last = dependants.back();
  dependants[link.position] = last;
  dependants.pop_back();
  if (link.position < dependants.size()) {
    // The last dependant took the free place: tell it so.
    for (DependencyHook::Link& moved : *last->links) {
      if (moved.document == link.document) moved.position = link.position;
    }
  }
  if (dependants.empty()) forget(link.document);
}

void DependencyIndex::forget(std::uint32_t document) {
  Document& gone = documents_[document];
  numbers_.erase(numbers_.find(*gone.id));
  gone = {};
  free_.push_back(document);
}

}  // namespace liquid::cache
