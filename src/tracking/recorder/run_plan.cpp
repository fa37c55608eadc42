#include "tracking/recorder/run_plan.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "tracking/recorder/heartbeat.h"

namespace liquid::tracking::recorder {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSqlitePrefix = "sqlite:///";

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

// By its name a journal sorts by time: 20260102T030405-0123456789abcdef
std::string new_journal_id(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 20> time{};
  std::strftime(time.data(), time.size(), "%Y%m%dT%H%M%S", &parts);
  std::array<char, 20> number{};
  std::snprintf(number.data(), number.size(), "%016llx",
                static_cast<unsigned long long>(random_number()));
  return std::string(time.data()) + "-" + number.data();
}

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return entry.pw_name;
  }
  return std::to_string(::getuid());
}

void set(std::vector<Tag>& tags, std::string_view key, std::string value) {
  for (Tag& tag : tags) {
    if (tag.key == key) {
      tag.value = std::move(value);
      return;
    }
  }
  tags.push_back({std::string(key), std::move(value)});
}

std::string first_of(const std::string& first, const std::string& second, std::string_view last) {
  if (!first.empty()) return first;
  return second.empty() ? std::string(last) : second;
}

// The names are MLflow's, which its UI shows; what the caller gives wins.
std::vector<Tag> run_tags(const RecorderOptions& options, const RunPlan& plan) {
  std::vector<Tag> tags;
  std::error_code ignored;
  set(tags, "mlflow.user", plan.user);
  set(tags, "mlflow.source.name", fs::read_symlink("/proc/self/exe", ignored).string());
  set(tags, "mlflow.source.type", "LOCAL");
  for (const Tag& tag : options.settings.run_context) set(tags, tag.key, tag.value);
  for (const Tag& tag : options.tags) set(tags, tag.key, tag.value);
  set(tags, kJournalTag, plan.journal_id);
  if (plan.heartbeat_interval_ms > 0) {
    set(tags, kHeartbeatTag,
        encode(Heartbeat{plan.owner, plan.start_time_ms, plan.heartbeat_interval_ms}));
  }
  return tags;
}

}  // namespace

std::string absolute_tracking_uri(const std::string& uri, const std::string& working_folder) {
  if (!uri.starts_with(kSqlitePrefix)) return uri;
  const std::string path = uri.substr(kSqlitePrefix.size());
  if (path.empty() || path.front() == '/' || path.front() == ':') return uri;
  return std::string(kSqlitePrefix) + working_folder + "/" + path;
}

RunPlan make_run_plan(const RecorderOptions& options, const Clock& clock) {
  std::error_code ignored;
  const std::string here = fs::current_path(ignored).string();
  const Settings& settings = options.settings;
  const WallTime now = clock.wall();
  RunPlan plan;
  plan.journal_id = new_journal_id(now);
  plan.tracking_uri = absolute_tracking_uri(settings.tracking_uri, here);
  plan.artifact_root = settings.artifact_root;
  plan.experiment_id = options.experiment_name.empty() ? settings.experiment_id : "";
  plan.experiment_name = first_of(options.experiment_name, settings.experiment_name, "Default");
  plan.resumed_run = settings.run_id;
  plan.run_name = options.run_name;
  plan.user = user_name();
  plan.start_time_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  plan.heartbeat_interval_ms = options.heartbeat_interval.count();
  plan.salt = random_number();
  plan.owner = this_process();
  plan.tags = run_tags(options, plan);
  return plan;
}

}  // namespace liquid::tracking::recorder
