#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/yaml.h"
#include "tracking/models/folder_writer.h"

namespace liquid::tracking {

/// Writes what makes `mlflow.pytorch.load_model` open the folder (see PytorchFlavor) and returns
/// the settings of the flavor. `unique` tells the folders of one Python process apart: letters and
/// digits.
Result<formats::YamlMap> add_pytorch_loader(FolderWriter& folder, std::string_view unique);

/// A ZIP archive with its files uncompressed, as torch.save lays it out.
struct ZipEntry {
  std::string name;
  std::string content;
};
std::string stored_zip(const std::vector<ZipEntry>& entries);

}  // namespace liquid::tracking
