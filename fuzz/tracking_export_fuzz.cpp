#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tracking/transfer/export_format.h"

using namespace liquid::tracking::transfer;

namespace {

// What reads without an error is written so that it reads again, to the same text.
template <typename Entity>
void check(std::string_view text, liquid::Result<Entity> (*parse)(std::string_view),
           std::string (*write)(const Entity&)) {
  const liquid::Result<Entity> entity = parse(text);
  if (!entity) return;
  const std::string written = write(*entity);
  const liquid::Result<Entity> again = parse(written);
  if (!again || write(*again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, parse_head, write_head);
  check(text, parse_run, write_run);
  check(text, parse_model, write_model);
  check(text, parse_point, write_point);
  return 0;
}
