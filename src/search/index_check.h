#pragma once

#include "base/result.h"
#include "search/store.h"

namespace liquid::search {

/// Reads everything back and compares: the file's own structure, checksums of the segments, hashes
/// of the chunks, every posting list with the text it was made from, frequencies, totals and the
/// epoch. Errors: data_corrupt with the first thing that does not fit, and those of `Store`.
Result<void> check_store(Store& store, const Settings& settings);

}  // namespace liquid::search
