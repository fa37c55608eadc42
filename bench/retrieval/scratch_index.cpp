#include "scratch_index.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "corpus/reader.h"

namespace liquid::bench {
namespace {

namespace fs = std::filesystem;

bool belongs_to_the_collection(const fs::path& path) {
  const std::string name = path.filename().string();
  return name == "README.md" || name == "LICENSE" || name == "NOTICE" ||
         name.ends_with(".questions.jsonl");
}

Result<fs::path> make_folder() {
  std::string pattern = (fs::temp_directory_path() / "liquid-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return Error{ErrorCode::unavailable, "cannot make a temporary folder " + pattern};
  }
  return fs::path(pattern);
}

/// A file without text or a row that is no document: reported and left out, as `liquid index add`
/// does.
void report(const Error& error) { std::fprintf(stderr, "left out: %s\n", error.message.c_str()); }

Result<void> put_file(search::ChunkIndex& index, const SourceFile& file,
                      const corpus::ChunkOptions& chunking) {
  Result<void> outcome;
  const auto sink = [&](Result<corpus::Document> document) {
    if (!document) {
      report(document.error());
    } else if (outcome) {
      outcome = index.put(*document, corpus::chunk(*document, chunking));
    }
  };
  const Result<void> read = corpus::read_documents(file.path, file.name, {}, sink);
  if (!read) report(read.error());
  return outcome;
}

}  // namespace

std::vector<SourceFile> source_files(const fs::path& root) {
  if (fs::is_regular_file(root)) return {{root, root.filename().string()}};
  std::vector<SourceFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || belongs_to_the_collection(entry.path())) continue;
    if (!corpus::has_known_ending(entry.path())) continue;
    files.push_back({entry.path(), fs::relative(entry.path(), root).string()});
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.name < b.name; });
  return files;
}

Result<std::unique_ptr<ScratchIndex>> ScratchIndex::build(const std::vector<SourceFile>& files,
                                                          const search::Settings& settings,
                                                          const corpus::ChunkOptions& chunking) {
  const Result<fs::path> folder = make_folder();
  if (!folder) return Error(folder.error());
  auto opened = search::ChunkIndex::open(*folder, search::OpenMode::create, settings);
  if (!opened) return std::move(opened).error();
  std::unique_ptr<ScratchIndex> built(new ScratchIndex(*folder, std::move(*opened)));
  for (const SourceFile& file : files) {
    const Result<void> put = put_file(built->index(), file, chunking);
    if (!put) return Error(put.error());
  }
  const Result<void> committed = built->index().commit();
  if (!committed) return Error(committed.error());
  return built;
}

ScratchIndex::ScratchIndex(fs::path folder, std::unique_ptr<search::ChunkIndex> index)
    : folder_(std::move(folder)), index_(std::move(index)) {}

ScratchIndex::~ScratchIndex() {
  index_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace liquid::bench
