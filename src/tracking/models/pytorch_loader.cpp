#include "tracking/models/pytorch_loader.h"

#include <array>
#include <cstdint>

// How MLflow 2 and 3 open the pytorch flavor: data/pickle_module_info.txt names a Python module,
// which is imported (the folder code/ is on Python's path by then) and given to torch.load as the
// module to unpickle data/model.pth with. torch.load makes an `Unpickler` of that module and calls
// its `load`. Ours unpickles nothing: it opens the safetensors files of the same folder. With
// MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false MLflow refuses every model.pth, this one too.
//
// model.pth = ZIP, nothing compressed: "archive/data.pkl" (pickle of one text that says where the
// weights are), "archive/byteorder" ("little"), "archive/version" ("3\n").

namespace liquid::tracking {
namespace {

constexpr std::string_view kScript =
    R"py("""Opens this MLflow model folder for mlflow.pytorch.load_model without unpickling anything.

MLflow gives this module to torch.load in the place of pickle. `Unpickler.load` ignores the archive it
is given and opens the safetensors files beside it, with peft's adapter on top where there is one.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent


def open_model():
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(FOLDER / "model", torch_dtype="auto")
    if (FOLDER / "peft").is_dir():
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, FOLDER / "peft")
    # What the caller wrote as load_model(..., map_location=...).
    place = getattr(getattr(torch.serialization, "_serialization_tls", None), "map_location", None)
    return model.to(place) if isinstance(place, (str, torch.device)) else model


class Unpickler:
    def __init__(self, file, **options):
        self.persistent_load = None

    def find_class(self, module, name):
        raise RuntimeError(f"{module}.{name}: nothing is unpickled here")

    def load(self):
        return open_model()


def load(file, **options):
    return open_model()
)py";

constexpr std::string_view kNote =
    "This model is not in this file: its weights are the safetensors files in ../model. Open the "
    "folder with mlflow.transformers.load_model or mlflow.pytorch.load_model.";

void append_little(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/// Versions, flags, method, time and date (1980-01-01), checksum, sizes: the same in both headers.
void append_zip_fields(std::string& out, const ZipEntry& entry) {
  append_little(out, 20, 2);
  append_little(out, 0, 2);
  append_little(out, 0, 2);
  append_little(out, 0, 2);
  append_little(out, 0x21, 2);
  append_little(out, crc32(entry.content), 4);
  append_little(out, entry.content.size(), 4);
  append_little(out, entry.content.size(), 4);
  append_little(out, entry.name.size(), 2);
  append_little(out, 0, 2);
}

/// Protocol 2: a text and the end.
std::string pickled_text(std::string_view text) {
  std::string out("\x80\x02X", 3);
  append_little(out, text.size(), 4);
  out += text;
  return out + '.';
}

}  // namespace

std::string stored_zip(const std::vector<ZipEntry>& entries) {
  std::string out;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    directory += "PK\x01\x02";
    append_little(directory, 20, 2);
    append_zip_fields(directory, entry);
    // No comment, first disk, no attributes.
    directory.append(10, '\0');
    append_little(directory, out.size(), 4);
    directory += entry.name;
    out += "PK\x03\x04";
    append_zip_fields(out, entry);
    out += entry.name + entry.content;
  }
  const std::size_t start = out.size();
  out += directory;
  out += "PK\x05\x06";
  append_little(out, 0, 4);
  append_little(out, entries.size(), 2);
  append_little(out, entries.size(), 2);
  append_little(out, directory.size(), 4);
  append_little(out, start, 4);
  append_little(out, 0, 2);
  return out;
}

Result<formats::YamlMap> add_pytorch_loader(FolderWriter& folder, std::string_view unique) {
  // One name per folder: Python imports a module of one name only once in a process.
  const std::string module = "liquid_loader_" + std::string(unique);
  const std::string archive = stored_zip({{"archive/data.pkl", pickled_text(kNote)},
                                          {"archive/byteorder", "little"},
                                          {"archive/version", "3\n"}});
  Result<void> written = folder.add_text("code/" + module + ".py", kScript);
  if (written) written = folder.add_text("data/pickle_module_info.txt", module);
  if (written) written = folder.add_text("data/model.pth", archive);
  if (!written) return std::move(written).error();
  const auto text = [](const char* value) { return formats::YamlNode{std::string(value)}; };
  return formats::YamlMap{{"code", text("code")},
                          {"model_data", text("data")},
                          // Only compared and told; the files do not depend on it.
                          {"pytorch_version", text("2.0 or newer")}};
}

}  // namespace liquid::tracking
