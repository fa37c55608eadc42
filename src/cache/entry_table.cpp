#include "cache/entry_table.h"

#include <utility>

namespace liquid::cache {

EntryTable::EntryTable(EvictionPolicy policy, std::size_t expected_items)
    : order_(make_eviction_order(policy)), touch_lock_(order_->touch_lock()) {
  // Growing later would rehash every entry while the shard is locked.
  items_.reserve(expected_items);
}

EntryTable::~EntryTable() = default;

Item* EntryTable::find(const Key& key) const {
  const auto found = items_.find(key);
  return found == items_.end() ? nullptr : found->get();
}

std::shared_ptr<Item> EntryTable::share(const Key& key) const {
  const auto found = items_.find(key);
  return found == items_.end() ? nullptr : *found;
}

void EntryTable::link(std::shared_ptr<Item> item, const Edition& edition,
                      const std::vector<std::string>& document_ids) {
  item->edition = editions_.acquire(edition);
  order_->insert(*item);
  expiry_.insert(*item);
  dependencies_.insert(*item, document_ids);
  items_.insert(std::move(item));
}

std::shared_ptr<Item> EntryTable::unlink(Item& item) {
  order_->erase(item);
  expiry_.erase(item);
  dependencies_.erase(item);
  editions_.release(item.edition);
  const auto place = items_.find(item.key);
  std::shared_ptr<Item> owner = *place;
  items_.erase(place);
  return owner;
}

void EntryTable::set_edition(Item& item, const Edition& edition) {
  const std::uint32_t before = item.edition;
  item.edition = editions_.acquire(edition);
  editions_.release(before);
}

std::size_t EntryTable::count_expired(Monotonic now) const {
  std::size_t count = 0;
  expiry_.for_each_expired(now, [&](const ExpiryHook&) { ++count; });
  return count;
}

std::vector<Item*> EntryTable::all() const {
  std::vector<Item*> items;
  items.reserve(items_.size());
  for (const auto& item : items_) items.push_back(item.get());
  return items;
}

std::vector<Item*> EntryTable::dependants(std::string_view document_id) const {
  std::vector<Item*> items;
  const auto* hooks = dependencies_.dependants(document_id);
  if (hooks == nullptr) return items;
  items.reserve(hooks->size());
  for (DependencyHook* hook : *hooks) items.push_back(static_cast<Item*>(hook));
  return items;
}

std::size_t charged_bytes(const Item& item, std::size_t documents) {
  return kItemOverheadBytes + documents * kDependencyOverheadBytes + item.key.bytes().size() +
         item.reply.head.text().size() + item.reply.body.size();
}

}  // namespace liquid::cache
