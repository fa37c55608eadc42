#pragma once

#include <cstddef>

namespace liquid::bench {

/// Bytes that `operator new` has given out and not taken back, as the allocator rounds them
/// (`malloc_usable_size`).
std::size_t heap_bytes_in_use();

}  // namespace liquid::bench
