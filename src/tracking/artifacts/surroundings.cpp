#include "tracking/artifacts/surroundings.h"

#include <charconv>
#include <condition_variable>
#include <mutex>

namespace liquid::tracking::artifacts {
namespace {

Error wrong(const std::string& name, const std::string& value, std::string_view expected) {
  return Error{ErrorCode::invalid_argument,
               name + "=\"" + value + "\": expected " + std::string(expected)};
}

}  // namespace

Result<bool> truth_of(const Environment& environment, const std::string& name) {
  const std::string value = environment(name).value_or("");
  std::string lowered;
  for (const char c : value) {
    lowered.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  }
  if (lowered == "true" || lowered == "1") return true;
  if (lowered.empty() || lowered == "false" || lowered == "0") return false;
  return wrong(name, value, "true, false, 1 or 0");
}

Result<MultipartDownload> multipart_download_from(const Environment& environment) {
  const Result<bool> wanted = truth_of(environment, "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD");
  if (!wanted) return wanted.error();
  MultipartDownload settings;
  settings.through_proxy = *wanted;
  const std::string name = "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE";
  const std::string text = environment(name).value_or("");
  if (text.empty()) return settings;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), settings.chunk_bytes);
  if (error != std::errc() || end != text.data() + text.size() || settings.chunk_bytes == 0) {
    return wrong(name, text, "a number of bytes above 0");
  }
  return settings;
}

void wait_for(std::chrono::milliseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, stop, pause, [] { return false; });
}

}  // namespace liquid::tracking::artifacts
