#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "cache/item.h"

namespace liquid::cache {

/// Why an entry leaves, in which order, and where it is found: one shard's content. Not
/// synchronised; `find` and, where `touch_lock()` says so, `touch` may run beside each other.
///
/// Invariant: an item is in the table, the eviction order, the expiry queue, the dependency index
/// and counted in the edition table, or in none of them.
class EntryTable {
 public:
  using Items = std::vector<std::shared_ptr<Item>>;

  EntryTable(EvictionPolicy policy, std::size_t expected_items);
  ~EntryTable();
  EntryTable(const EntryTable&) = delete;
  EntryTable& operator=(const EntryTable&) = delete;

  Item* find(const Key& key) const;
  std::shared_ptr<Item> share(const Key& key) const;
  const Edition& edition(const Item& item) const { return editions_[item.edition]; }
  EvictionOrder::TouchLock touch_lock() const { return touch_lock_; }
  void touch(Item& item) { order_->touch(item); }

  /// There is no entry under this key.
  void link(std::shared_ptr<Item> item, const Edition& edition,
            const std::vector<std::string>& document_ids);
  /// Takes the item out. Letting go of it may free much memory: do that after unlocking.
  std::shared_ptr<Item> unlink(Item& item);
  void set_edition(Item& item, const Edition& edition);

  Item* victim() { return static_cast<Item*>(order_->victim()); }
  Item* expired(Monotonic now) const { return static_cast<Item*>(expiry_.expired(now)); }
  std::size_t count_expired(Monotonic now) const;
  std::size_t size() const { return items_.size(); }
  std::vector<Item*> all() const;
  /// The entries made from this document.
  std::vector<Item*> dependants(std::string_view document_id) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const std::shared_ptr<Item>& item) const noexcept {
      return item->key.hash();
    }
    std::size_t operator()(const Key& key) const noexcept { return key.hash(); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const std::shared_ptr<Item>& left, const std::shared_ptr<Item>& right) const {
      return left->key == right->key;
    }
    bool operator()(const Key& left, const std::shared_ptr<Item>& right) const {
      return left == right->key;
    }
    bool operator()(const std::shared_ptr<Item>& left, const Key& right) const {
      return left->key == right;
    }
  };

  std::unordered_set<std::shared_ptr<Item>, Hash, Equal> items_;
  std::unique_ptr<EvictionOrder> order_;
  EvictionOrder::TouchLock touch_lock_;
  ExpiryQueue expiry_;
  DependencyIndex dependencies_;
  EditionTable editions_;
};

/// What an item takes of the store's budget.
std::size_t charged_bytes(const Item& item, std::size_t documents);

}  // namespace liquid::cache
