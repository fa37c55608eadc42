#include "tracking/recorder/journal_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace liquid::tracking::recorder {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSegmentEnding = ".seg";
constexpr std::string_view kNewPrefix = ".new-";
constexpr std::string_view kDonePrefix = ".done-";
constexpr std::uint64_t kMaxDocumentBytes = std::uint64_t{256} << 20U;

Error folder_error(const fs::path& path, std::string_view doing, int number) {
  const ErrorCode code = number == EACCES || number == EPERM || number == EROFS
                             ? ErrorCode::permission_denied
                             : ErrorCode::unavailable;
  return Error{code, "journal " + path.string() + ": cannot " + std::string(doing) + ": " +
                         std::strerror(number)};
}

// The lock, or a negative errno value.
int take_lock(const fs::path& folder) {
  const int file = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return -errno;
  struct stat status {};
  // A journal that was delivered between our look and our lock has no lock file any more.
  const bool locked = ::flock(file, LOCK_EX | LOCK_NB) == 0;
  const int number = errno;
  if (locked && ::fstat(file, &status) == 0 && status.st_nlink > 0) return file;
  ::close(file);
  return locked ? -ENOENT : -number;
}

std::optional<std::uint64_t> segment_number(const std::string& name) {
  if (!name.ends_with(kSegmentEnding)) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = name.data() + name.size() - kSegmentEnding.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc{} || stop != end || number == 0) return std::nullopt;
  return number;
}

template <typename T>
Result<T> named(Result<T> result, const fs::path& file) {
  if (result) return result;
  return std::move(result).error().with_context(file.string());
}

}  // namespace

fs::path segment_path(const fs::path& folder, std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 10 ? 10 - digits.size() : 0, '0');
  return folder / (digits + std::string(kSegmentEnding));
}

JournalFolder::JournalFolder(fs::path path, int lock, RunPlan plan)
    : path_(std::move(path)), lock_(lock), plan_(std::move(plan)) {}

JournalFolder::~JournalFolder() { ::close(lock_); }

Result<std::unique_ptr<JournalFolder>> JournalFolder::create(const fs::path& parent,
                                                             const RunPlan& plan) {
  std::error_code failed;
  fs::create_directories(parent, failed);
  if (failed) return folder_error(parent, "make the folder", failed.value());
  // Made complete and locked under a name that nobody looks at, then renamed.
  const fs::path aside = parent / (std::string(kNewPrefix) + plan.journal_id);
  const fs::path path = parent / plan.journal_id;
  if (::mkdir(aside.c_str(), 0700) != 0) return folder_error(aside, "make the folder", errno);
  const int lock = take_lock(aside);
  if (lock < 0) return folder_error(aside, "lock", -lock);
  auto folder = std::unique_ptr<JournalFolder>(new JournalFolder(fs::absolute(path), lock, plan));
  if (Result<void> written = write_file_atomically(aside / "run", encode(plan)); !written) {
    return std::move(written).error();
  }
  if (::rename(aside.c_str(), path.c_str()) != 0) return folder_error(path, "rename", errno);
  return folder;
}

Result<std::unique_ptr<JournalFolder>> JournalFolder::take_over(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return Error{ErrorCode::not_found, "journal " + folder.string() + " is not there"};
  }
  const int lock = take_lock(folder);
  if (lock == -EWOULDBLOCK) {
    return Error{ErrorCode::conflict,
                 "journal " + folder.string() + " is in use by a living process"};
  }
  if (lock == -ENOENT) {
    return Error{ErrorCode::not_found, "journal " + folder.string() + " is not there"};
  }
  if (lock < 0) return folder_error(folder, "lock", -lock);
  auto taken =
      std::unique_ptr<JournalFolder>(new JournalFolder(fs::absolute(folder), lock, RunPlan{}));
  Result<RunPlan> plan = read_run_plan(folder);
  if (!plan) return std::move(plan).error();
  taken->plan_ = std::move(*plan);
  return taken;
}

fs::path JournalFolder::segment_path(std::uint64_t number) const {
  return recorder::segment_path(path_, number);
}

fs::path JournalFolder::refused_path() const { return path_.string() + ".refused"; }

Result<DeliveryState> JournalFolder::load_state() const { return read_delivery_state(path_); }

Result<void> JournalFolder::save_state(const DeliveryState& state) const {
  return write_file_atomically(path_ / "state", encode(state));
}

std::vector<std::uint64_t> JournalFolder::segments() const { return segments_in(path_); }

std::uint64_t JournalFolder::remove_segments_before(std::uint64_t number) const {
  std::uint64_t freed = 0;
  for (const std::uint64_t segment : segments()) {
    if (segment >= number) break;
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(segment_path(segment), failed);
    if (!failed && fs::remove(segment_path(segment), failed) && !failed) freed += size;
  }
  return freed;
}

Result<void> JournalFolder::append_refused(std::string_view lines) const {
  const int file = ::open(refused_path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return folder_error(refused_path(), "open", errno);
  const ssize_t written = ::write(file, lines.data(), lines.size());
  const int number = errno;
  ::close(file);
  if (written != static_cast<ssize_t>(lines.size())) {
    return folder_error(refused_path(), "write", written < 0 ? number : ENOSPC);
  }
  return {};
}

void JournalFolder::keep_damaged(const std::string& file) const {
  std::error_code ignored;  // best effort: it may be missing, kept already, or on a full disk
  fs::create_hard_link(path_ / file, path_.string() + ".damaged-" + file, ignored);
}

Result<void> JournalFolder::remove() {
  // Renamed first: a half removed folder must not be taken for a journal.
  const fs::path aside =
      path_.parent_path() / (std::string(kDonePrefix) + path_.filename().string());
  if (::rename(path_.c_str(), aside.c_str()) != 0) return folder_error(path_, "rename", errno);
  std::error_code failed;
  fs::remove_all(aside, failed);
  if (failed) return folder_error(aside, "remove", failed.value());
  return {};
}

std::vector<fs::path> journals_in(const fs::path& parent) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator entry(parent, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || !entry->is_directory(ignored)) continue;
    if (fs::exists(entry->path() / "run", ignored)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<RunPlan> read_run_plan(const fs::path& folder) {
  const fs::path file = folder / "run";
  const Result<std::string> bytes = read_file(file, kMaxDocumentBytes);
  if (!bytes) return bytes.error();
  return named(parse_run_plan(*bytes), file);
}

Result<DeliveryState> read_delivery_state(const fs::path& folder) {
  const fs::path file = folder / "state";
  const Result<std::string> bytes = read_file(file, kMaxDocumentBytes);
  if (!bytes && bytes.error().code == ErrorCode::not_found) return DeliveryState{};
  if (!bytes) return bytes.error();
  return named(parse_delivery_state(*bytes), file);
}

std::vector<std::uint64_t> segments_in(const fs::path& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (const auto number = segment_number(entry->path().filename().string())) {
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace liquid::tracking::recorder
