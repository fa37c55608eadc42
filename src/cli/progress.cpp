#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal.h"

namespace liquid::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::size_t kWidestBar = 40;
constexpr std::size_t kNarrowestBar = 5;

std::uint64_t documents(const ingest::Summary& so_far) {
  return so_far.added + so_far.replaced + so_far.unchanged;
}

// Share of the work that is done, 0..1; nothing is known of standard input.
std::optional<double> share(const ingest::Summary& so_far, const ProgressState& state) {
  if (state.total_bytes == 0) return std::nullopt;
  return std::min(1.0, static_cast<double>(so_far.bytes) / static_cast<double>(state.total_bytes));
}

std::string counts(const ingest::Summary& so_far, const ProgressState& state) {
  const double rate =
      state.seconds > 0 ? static_cast<double>(documents(so_far)) / state.seconds : 0;
  std::string text = fmt::format("{}/{} files  {} documents  {:.0f}/s", so_far.files,
                                 state.total_files, documents(so_far), rate);
  const std::optional<double> done = share(so_far, state);
  if (done && *done > 0.0 && *done < 1.0) {
    text += "  " + readable_seconds(state.seconds * (1.0 - *done) / *done) + " left";
  }
  return text;
}

void tell(std::FILE* stream, const ingest::Failure& failure) {
  fmt::print(stream, "skipped {}: {}\n", failure.path, failure.reason);
}

class QuietProgress final : public ingest::Observer {
 public:
  explicit QuietProgress(std::FILE* stream) : stream_(stream) {}
  void planned(std::uint64_t, std::uint64_t) override {}
  void advanced(const ingest::Summary&) override {}
  void failed(const ingest::Failure& failure) override { tell(stream_, failure); }
  void committed(const ingest::Summary&) override {}

 private:
  std::FILE* stream_;
};

class PlainProgress final : public ingest::Observer {
 public:
  PlainProgress(std::FILE* stream, const Clock& clock)
      : stream_(stream), clock_(clock), started_(clock.monotonic()) {}

  void planned(std::uint64_t files, std::uint64_t bytes) override {
    state_.total_files = files;
    state_.total_bytes = bytes;
  }
  void advanced(const ingest::Summary&) override {}
  void failed(const ingest::Failure& failure) override { tell(stream_, failure); }

  // The last commit is followed by the result, which says more.
  void committed(const ingest::Summary& so_far) override {
    if (so_far.files == state_.total_files) return;
    state_.seconds = std::chrono::duration<double>(clock_.monotonic() - started_).count();
    fmt::print(stream_, "{}\n", progress_line(so_far, state_));
    std::fflush(stream_);
  }

 private:
  std::FILE* stream_;
  const Clock& clock_;
  const Monotonic started_;
  ProgressState state_;
};

class BarProgress final : public ingest::Observer {
 public:
  BarProgress(std::FILE* stream, const Clock& clock)
      : stream_(stream), clock_(clock), started_(clock.monotonic()), drawn_(started_) {}
  ~BarProgress() override { clear(); }
  BarProgress(const BarProgress&) = delete;
  BarProgress& operator=(const BarProgress&) = delete;

  void planned(std::uint64_t files, std::uint64_t bytes) override {
    state_.total_files = files;
    state_.total_bytes = bytes;
  }

  void advanced(const ingest::Summary& so_far) override {
    const Monotonic now = clock_.monotonic();
    if (now - drawn_ < kRedraw) return;
    drawn_ = now;
    state_.seconds = std::chrono::duration<double>(now - started_).count();
    // The window may have been resized since.
    const std::size_t columns = terminal_columns(::fileno(stream_)).value_or(80);
    fmt::print(stream_, "\r{}\x1b[K", progress_bar(so_far, state_, columns));
    std::fflush(stream_);
    visible_ = true;
  }

  void failed(const ingest::Failure& failure) override {
    clear();
    tell(stream_, failure);
  }

  void committed(const ingest::Summary&) override {}

 private:
  void clear() {
    if (visible_) fmt::print(stream_, "\r\x1b[K");
    std::fflush(stream_);
    visible_ = false;
  }

  std::FILE* stream_;
  const Clock& clock_;
  const Monotonic started_;
  Monotonic drawn_;
  ProgressState state_;
  bool visible_ = false;
};

}  // namespace

std::string progress_bar(const ingest::Summary& so_far, const ProgressState& state,
                         std::size_t columns) {
  const std::string text = counts(so_far, state);
  const std::optional<double> done = share(so_far, state);
  // One column stays free: a full line would wrap on some terminals.
  const std::size_t room = columns > text.size() + 10 ? columns - text.size() - 10 : 0;
  if (!done || room < kNarrowestBar) return text.substr(0, columns > 0 ? columns - 1 : 0);
  const std::size_t width = std::min(room, kWidestBar);
  const auto filled = static_cast<std::size_t>(*done * static_cast<double>(width));
  return fmt::format("[{}{}] {:3.0f}%  {}", std::string(filled, '#'),
                     std::string(width - filled, '.'), *done * 100.0, text);
}

std::string progress_line(const ingest::Summary& so_far, const ProgressState& state) {
  const std::optional<double> done = share(so_far, state);
  return done ? fmt::format("{:3.0f}%  {}", *done * 100.0, counts(so_far, state))
              : counts(so_far, state);
}

std::unique_ptr<ingest::Observer> make_progress(std::FILE* stream, const Clock& clock) {
  if (terminal_columns(::fileno(stream))) return std::make_unique<BarProgress>(stream, clock);
  return std::make_unique<PlainProgress>(stream, clock);
}

std::unique_ptr<ingest::Observer> make_quiet_progress(std::FILE* stream) {
  return std::make_unique<QuietProgress>(stream);
}

}  // namespace liquid::cli
