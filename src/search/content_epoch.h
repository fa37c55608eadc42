#pragma once

#include <string_view>

#include "base/digest.h"

namespace liquid::search {

/// Digest of a set of (document id, content hash): the sum of their SHA-256 digests modulo 2^256.
/// The order of changes does not matter, and every change costs the same however large the set is.
class ContentEpoch {
 public:
  ContentEpoch() = default;
  explicit ContentEpoch(const Digest& digest) : digest_(digest) {}

  void add(std::string_view document_id, const Digest& content_hash);
  /// Undoes the `add` of the same pair.
  void subtract(std::string_view document_id, const Digest& content_hash);

  const Digest& digest() const { return digest_; }

 private:
  Digest digest_;  // a 256-bit number, lowest byte first
};

}  // namespace liquid::search
