#include "cache/alias_table.h"

#include <mutex>
#include <utility>

namespace liquid::cache {

AliasTable::AliasTable(Key::Hashing hashing) : hashing_(hashing) {
  for (Stripe& stripe : stripes_) stripe.sets.resize(kSets / kStripes);
}

std::uint64_t AliasTable::hash(const RawRequest& request) const {
  const std::uint64_t body = hashing_.function(request.body, hashing_.seed);
  const std::uint64_t type = hashing_.function(request.content_type, body);
  return hashing_.function(request.tenant, hashing_.function(request.route, type));
}

bool AliasTable::Slot::holds(const RawRequest& request, std::uint64_t request_hash) const {
  if (!key || hash != request_hash) return false;
  const std::string_view stored = text;
  return stored.substr(content_type_size) == request.body &&
         stored.substr(0, content_type_size) == request.content_type &&
         key->tenant() == request.tenant && key->route() == request.route;
}

std::shared_ptr<const Key> AliasTable::find(const RawRequest& request, std::uint64_t hash) const {
  const Stripe& stripe = stripes_[hash % kStripes];
  const std::shared_lock lock(stripe.mutex);
  for (const Slot& slot : stripe.sets[hash / kStripes % stripe.sets.size()]) {
    if (slot.holds(request, hash)) return slot.key;
  }
  return nullptr;
}

void AliasTable::insert(const RawRequest& request, std::uint64_t hash,
                        std::shared_ptr<const Key> key) {
  const std::size_t size = request.content_type.size() + request.body.size();
  if (size + key->bytes().size() > kMaxBytes) return;
  Slot fresh{.hash = hash,
             .content_type_size = static_cast<std::uint32_t>(request.content_type.size()),
             .text = {},
             .key = std::move(key)};
  fresh.text.reserve(size);
  fresh.text.append(request.content_type).append(request.body);
  Stripe& stripe = stripes_[hash % kStripes];
  const std::unique_lock lock(stripe.mutex);
  auto& set = stripe.sets[hash / kStripes % stripe.sets.size()];
  for (const Slot& slot : set) {
    if (slot.holds(request, hash)) return;
  }
  std::swap(set[stripe.next_victim++ % kWays], fresh);
}

void AliasTable::clear() {
  for (Stripe& stripe : stripes_) {
    const std::unique_lock lock(stripe.mutex);
    for (auto& set : stripe.sets) set.fill({});
  }
}

}  // namespace liquid::cache
