#pragma once

#include <atomic>
#include <cstddef>

namespace liquid::cache {

/// What entries take of a store's bounds.
struct Amount {
  std::size_t items = 0;
  std::size_t bytes = 0;
};

/// A store's two bounds, shared by its shards. Neither is ever exceeded, whatever the threads do:
/// room is taken before an entry is linked.
class Budget {
 public:
  enum class Shortage { none, items, bytes };

  explicit Budget(Amount limit) : limit_(limit) {}

  /// Takes `wanted` and gives `returned` back in one step, or does nothing and says what is short.
  Shortage try_exchange(Amount wanted, Amount returned);
  void give_back(Amount amount);

  Amount used() const { return {items_.load(), bytes_.load()}; }
  Amount limit() const { return limit_; }

 private:
  static bool try_exchange(std::atomic<std::size_t>& used, std::size_t limit, std::size_t wanted,
                           std::size_t returned);

  const Amount limit_;
  std::atomic<std::size_t> items_{0};
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace liquid::cache
