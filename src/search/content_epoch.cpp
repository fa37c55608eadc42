#include "search/content_epoch.h"

namespace liquid::search {
namespace {

Digest element(std::string_view document_id, const Digest& content_hash) {
  return DigestBuilder().field(document_id).field(content_hash).finish();
}

}  // namespace

void ContentEpoch::add(std::string_view document_id, const Digest& content_hash) {
  const Digest added = element(document_id, content_hash);
  unsigned carry = 0;
  for (std::size_t i = 0; i < added.bytes.size(); ++i) {
    carry += static_cast<unsigned>(digest_.bytes[i]) + added.bytes[i];
    digest_.bytes[i] = static_cast<std::uint8_t>(carry & 0xFF);
    carry >>= 8;
  }
}

void ContentEpoch::subtract(std::string_view document_id, const Digest& content_hash) {
  const Digest removed = element(document_id, content_hash);
  int borrow = 0;
  for (std::size_t i = 0; i < removed.bytes.size(); ++i) {
    const int difference = digest_.bytes[i] - removed.bytes[i] - borrow;
    digest_.bytes[i] = static_cast<std::uint8_t>(difference & 0xFF);
    borrow = difference < 0 ? 1 : 0;
  }
}

}  // namespace liquid::search
