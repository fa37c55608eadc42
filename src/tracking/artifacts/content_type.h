#pragma once

#include <string_view>

namespace liquid::tracking::artifacts {

/// The media type that a file's name suggests. Text that people read (configuration, code, tables,
/// MLmodel) is text/plain, as MLflow has it, so that its UI shows it; what is unknown is
/// application/octet-stream.
std::string_view content_type(std::string_view path);

}  // namespace liquid::tracking::artifacts
