#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lfm2/config.h"
#include "lfm2/layout.h"

using namespace liquid::lfm2;

// Any text as config.json: an error, or a model whose configuration survives being written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  liquid::Result<Lfm2Config> config = parse_config(text);
  if (!config) return 0;
  if (count_parameters(*config).total() == 0) std::abort();
  config->older_feed_forward_size.reset();  // once written, the width is beyond doubt
  const liquid::Result<Lfm2Config> again = parse_config(to_json(*config));
  if (!again || *again != *config) std::abort();
  return 0;
}
