#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "http/message.h"

namespace liquid::cache {

/// What an answer was made from.
struct Provenance {
  Digest epoch;                           ///< Index state that was searched.
  Digest evidence;                        ///< Retrieved chunks, see rag::evidence_digest.
  std::vector<std::string> document_ids;  ///< For clearing by document.
};

/// A freshly computed answer. Only complete 2xx replies with provenance are stored.
struct Computed {
  http::Response response;
  Provenance provenance;
};

/// A route whose answers can be cached. The four functions are called from several threads at once
/// and must not throw. `canonicalize` and `index_epoch` run on the I/O thread and must be quick;
/// `compute` and `current_evidence` run on a worker.
struct CachedRoute {
  std::string_view path;  ///< e.g. "/ask"; a constant. Method is always POST.
  /// Body → canonical JSON (defaults filled in, NFC, white space folded, fixed field order, unknown
  /// fields gone), or the error response to send.
  std::function<std::variant<std::string, http::Response>(const http::Request&)> canonicalize;
  /// Canonical JSON → answer. The answer depends on nothing else but the index and `version`.
  std::function<Computed(const std::string& canonical)> compute;
  /// What retrieval finds now. `ok == false`: it could not be told, so a stored answer must not be
  /// used.
  struct Evidence {
    bool ok = false;
    Digest epoch;
    Digest evidence;
  };
  /// Retrieval only: epoch and evidence as `compute` would find them now.
  std::function<Evidence(const std::string& canonical)> current_evidence;
};

/// What the cache asks about the index on every look-up. Costs nanoseconds.
class IndexState {
 public:
  virtual ~IndexState() = default;
  /// Nothing when the loaded snapshot is behind what is on disk: then the entry must be revalidated
  /// on a worker (which refreshes first).
  virtual bool current_epoch(Digest& epoch) const = 0;
  /// Digest of generator, settings and code: see "answer version" in ARCHITECTURE.md.
  virtual Digest answer_version() const = 0;
};

}  // namespace liquid::cache
