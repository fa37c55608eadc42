#include "ingest/known_documents.h"

#include <utility>

namespace liquid::ingest {

Result<KnownDocuments> KnownDocuments::load(const search::ChunkIndex& index) {
  Result<std::vector<search::DocumentRow>> rows = index.documents();
  if (!rows) return std::move(rows).error();
  KnownDocuments known;
  for (search::DocumentRow& row : *rows) {
    known.by_path_[row.path].push_back(row.id);
    known.by_id_.emplace(std::move(row.id), Document{std::move(row.path), row.content_hash});
  }
  return known;
}

const KnownDocuments::Document* KnownDocuments::find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const std::vector<std::string>& KnownDocuments::ids_of(const std::string& path) const {
  static const std::vector<std::string> none;
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? none : found->second;
}

}  // namespace liquid::ingest
