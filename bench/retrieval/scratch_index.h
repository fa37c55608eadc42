#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "corpus/chunker.h"
#include "search/chunk_index.h"

namespace liquid::bench {

/// A file and the name it gets in the index.
struct SourceFile {
  std::filesystem::path path;
  std::string name;
};

/// The documents below a folder, named relative to it, in order of name; one file stands for
/// itself. README.md, LICENSE and NOTICE belong to the collection, not to the documents.
std::vector<SourceFile> source_files(const std::filesystem::path& root);

/// An index in a temporary folder that goes away with it.
class ScratchIndex {
 public:
  static Result<std::unique_ptr<ScratchIndex>> build(const std::vector<SourceFile>& files,
                                                     const search::Settings& settings,
                                                     const corpus::ChunkOptions& chunking);
  ~ScratchIndex();
  ScratchIndex(const ScratchIndex&) = delete;
  ScratchIndex& operator=(const ScratchIndex&) = delete;

  search::ChunkIndex& index() { return *index_; }

 private:
  ScratchIndex(std::filesystem::path folder, std::unique_ptr<search::ChunkIndex> index);

  std::filesystem::path folder_;
  std::unique_ptr<search::ChunkIndex> index_;
};

}  // namespace liquid::bench
