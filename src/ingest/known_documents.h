#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "search/chunk_index.h"

namespace liquid::ingest {

/// What the index held when the work began. Immutable, so readers may ask from any thread.
class KnownDocuments {
 public:
  struct Document {
    std::string path;
    Digest content_hash;
  };

  static Result<KnownDocuments> load(const search::ChunkIndex& index);

  /// Null when there is none of that id.
  const Document* find(const std::string& id) const;
  const std::vector<std::string>& ids_of(const std::string& path) const;
  const std::unordered_map<std::string, std::vector<std::string>>& by_path() const {
    return by_path_;
  }

 private:
  std::unordered_map<std::string, Document> by_id_;
  std::unordered_map<std::string, std::vector<std::string>> by_path_;
};

}  // namespace liquid::ingest
