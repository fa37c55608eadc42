#include "train/model_digest.h"

#include "base/digest.h"
#include "base/file.h"
#include "formats/safetensors_reader.h"

namespace liquid::train {

Result<std::string> model_digest(const std::filesystem::path& folder) {
  const auto config = read_file(folder / "config.json");
  if (!config) return config.error();
  const auto tensors = formats::TensorFolder::open(folder);
  if (!tensors) return tensors.error();
  DigestBuilder digest;
  digest.field(*config);
  for (const formats::TensorEntry& entry : tensors->tensors()) {
    const auto view = tensors->tensor(entry.name);
    if (!view) return view.error();
    digest.field(entry.name).field(entry.dtype);
    for (const std::uint64_t size : entry.shape) digest.field(size);
    // XXH3 reads at the memory's speed; SHA-256 would take seconds for a large model.
    digest.field(hash64({reinterpret_cast<const char*>(view->bytes.data()), view->bytes.size()}));
    tensors->forget(*view);
  }
  return digest.finish().hex();
}

}  // namespace liquid::train
