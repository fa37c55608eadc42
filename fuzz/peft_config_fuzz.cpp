#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/peft_adapter.h"

using namespace liquid::formats;

// Any text as adapter_config.json: an error, or settings that survive being written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const liquid::Result<PeftAdapterConfig> config = parse_peft_config(text);
  if (!config) return 0;
  if (config->rank_of("model.layers.0.conv.in_proj") == 0) std::abort();
  const liquid::Result<PeftAdapterConfig> again = parse_peft_config(write_peft_config(*config));
  if (!again || *again != *config) std::abort();
  return 0;
}
