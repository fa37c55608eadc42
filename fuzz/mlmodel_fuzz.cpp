#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/mlmodel.h"

using namespace liquid::formats;

// Any bytes as an MLmodel: an error, or a model whose text reads as the same model again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const liquid::Result<MlModel> model =
      parse_mlmodel(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!model) return 0;
  const std::string text = write_mlmodel(*model);
  const liquid::Result<MlModel> again = parse_mlmodel(text);
  if (!again || write_mlmodel(*again) != text) std::abort();
  mlmodel_as_json(*model);
  return 0;
}
