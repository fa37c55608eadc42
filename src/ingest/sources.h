#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::ingest {

/// What the user wants read. Globs: `*`, `?` within a path component, `**` across them; a pattern
/// without '/' is compared with the last component only.
struct Selection {
  std::vector<std::string> paths;    ///< Files, folders, globs; "-" is standard input.
  std::vector<std::string> include;  ///< When not empty, only files that match one of these.
  std::vector<std::string> exclude;  ///< Files and folders that match none of these.
};

/// Something that could not be indexed.
struct Failure {
  std::string path;  ///< As added; for a JSONL row path:line.
  ErrorCode code = ErrorCode::internal;
  std::string reason;
};

struct SourceFile {
  std::string name;  ///< The path as added, normalised: no "./", no "//"; "-" is standard input.
  std::uint64_t bytes = 0;
};

/// The part of the file system one of the given paths stands for.
class Scope {
 public:
  enum class Kind { file, folder, glob };
  Scope(Kind kind, std::string path) : kind_(kind), path_(std::move(path)) {}
  bool covers(std::string_view name) const;

 private:
  Kind kind_;
  std::string path_;
};

struct Sources {
  std::vector<SourceFile> files;  ///< Sorted by name, each once.
  std::vector<Failure> failures;
  std::uint64_t ignored = 0;      ///< Files left out: unknown ending inside a folder, excluded.
  std::vector<Scope> scopes;      ///< One per given path.
  std::vector<Scope> unreadable;  ///< Folders that could not be read: what is in them is unknown.
};

/// Without "./", "//", "a/.." and a slash at the end.
std::string normalised_path(const std::string& path);

/// Finds the files: folders recursively and without hidden files, each folder once however links
/// lead to it. A path that does not exist and a file of unknown ending that is named directly are
/// failures.
Sources find_sources(const Selection& selection);

}  // namespace liquid::ingest
