#pragma once

#include <cstdint>
#include <string>

#include "ingest/ingest.h"

namespace liquid::cli {

/// What the command line of `liquid index add` says.
struct IndexAdd {
  std::string index;
  ingest::Selection selection;
  ingest::Options options;
  std::string language;  ///< Empty: the index's own, English for a new one.
  bool prune = false;
  bool strict = false;
  bool quiet = false;
  bool json = false;
};

/// Runs it; returns the exit status (130 after Ctrl-C).
int run_index_add(IndexAdd add);

}  // namespace liquid::cli
