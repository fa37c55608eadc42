#pragma once

#include <string>
#include <vector>

namespace liquid::cli {

/// What the command lines of `liquid index list|remove|stats|check` say.
struct IndexContents {
  std::string index;
  std::vector<std::string> documents;  ///< Ids, paths, folders or globs of them.
  bool json = false;
};

// Each runs one command and returns the exit status.
int run_index_list(const IndexContents& contents);
int run_index_remove(const IndexContents& contents);
int run_index_stats(const IndexContents& contents);
int run_index_check(const IndexContents& contents);

}  // namespace liquid::cli
