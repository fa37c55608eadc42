#include "tracking/artifacts/content_type.h"

#include <algorithm>
#include <array>
#include <string>

#include "tracking/artifacts/artifact_path.h"

namespace liquid::tracking::artifacts {
namespace {

// What MLflow's UI shows as text; compared with regard to case, as there.
constexpr std::array<std::string_view, 25> kText = {
    "txt",  "log",   "err",  "cfg",  "conf", "cnf",   "cf",     "ini", "properties",
    "prop", "hocon", "toml", "yaml", "yml",  "xml",   "json",   "js",  "py",
    "py3",  "csv",   "tsv",  "md",   "rst",  "ipynb", "MLmodel"};

struct Known {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array kKnown = {
    Known{"avif", "image/avif"}, Known{"bmp", "image/bmp"},       Known{"css", "text/css"},
    Known{"gif", "image/gif"},   Known{"gz", "application/gzip"}, Known{"html", "text/html"},
    Known{"htm", "text/html"},   Known{"jpeg", "image/jpeg"},     Known{"jpg", "image/jpeg"},
    Known{"mp3", "audio/mpeg"},  Known{"mp4", "video/mp4"},       Known{"pdf", "application/pdf"},
    Known{"png", "image/png"},   Known{"svg", "image/svg+xml"},   Known{"tar", "application/x-tar"},
    Known{"tif", "image/tiff"},  Known{"tiff", "image/tiff"},     Known{"wav", "audio/x-wav"},
    Known{"webp", "image/webp"}, Known{"zip", "application/zip"},
};

}  // namespace

std::string_view content_type(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  const std::string_view ending = dot == std::string_view::npos ? name : name.substr(dot + 1);
  if (std::find(kText.begin(), kText.end(), ending) != kText.end()) return "text/plain";
  for (const Known& known : kKnown) {
    if (known.ending == ending) return known.type;
  }
  return "application/octet-stream";
}

}  // namespace liquid::tracking::artifacts
