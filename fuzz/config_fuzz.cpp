#include <cstdint>
#include <cstdlib>

#include "cli/config.h"

using namespace liquid;

// Any text: an error with words, or settings that are printed as text which reads back the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cli::ServeSettings settings;
  const auto applied = cli::apply_toml(settings, {reinterpret_cast<const char*>(data), size});
  if (!applied) {
    if (applied.error().message.empty()) std::abort();
    return 0;
  }
  const std::string printed = cli::to_toml(settings);
  cli::ServeSettings again;
  if (!cli::apply_toml(again, printed) || cli::to_toml(again) != printed) std::abort();
  return 0;
}
