#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "train/data/inspect.h"

// Lays an Inspection out for people:
//   what was read · figures · lengths · cost · samples · bad rows · warnings

namespace liquid::train {
namespace {

constexpr std::size_t kLabelWidth = 12;
constexpr std::size_t kNumberWidth = 12;
constexpr std::size_t kShownBadRows = 10;

std::string fixed(double value, int digits) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

/// 1234567 → "1 234 567".
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ' ');
  }
  return digits;
}

std::string readable_bytes(std::int64_t bytes) {
  constexpr std::array kUnits = {" bytes", " KiB", " MiB", " GiB", " TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fixed(value, unit == 0 || value >= 100 ? 0 : 1) + kUnits[unit];
}

std::string readable_seconds(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

std::string padded_left(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string padded_right(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, text.size()), ' ');
}

/// Words in lines of at most `columns`; a longer word stands alone.
std::string wrapped(const std::string& text, std::size_t columns, const std::string& indent) {
  std::string lines;
  std::string line = indent;
  bool empty = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!empty && line.size() + 1 + word.size() > columns) {
      lines += line + "\n";
      line = indent;
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
    at = end + 1;
  }
  return lines + line + "\n";
}

class Layout {
 public:
  Layout(const Inspection& inspection, const InspectionStyle& style)
      : inspection_(inspection), profile_(inspection.profile), style_(style) {}

  std::string text() {
    head();
    figures();
    lengths();
    cost();
    samples();
    bad_rows();
    warnings();
    return std::move(text_);
  }

 private:
  void figure(const std::string& label, const std::string& number, const std::string& note) {
    text_ += padded_right(label, kLabelWidth) + padded_left(number, kNumberWidth);
    if (!note.empty()) text_ += "  " + note;
    text_ += "\n";
  }

  void head() {
    const std::size_t files = inspection_.files.size();
    const std::string name =
        files == 1 ? visible_text(inspection_.files.front()) : std::to_string(files) + " files";
    text_ += name + ", format " + std::string(row_format_name(profile_.format)) + "\n\n";
  }

  void figures() {
    const DatasetCounts& counts = profile_.counts;
    figure("rows", grouped(counts.rows), left_out_note());
    figure("samples", grouped(profile_.samples), sample_note());
    figure("tokens", grouped(counts.tokens), "each epoch");
    const double share = counts.tokens == 0 ? 0
                                            : static_cast<double>(counts.trained_tokens) /
                                                  static_cast<double>(counts.tokens);
    figure("trained", grouped(counts.trained_tokens), fixed(100 * share, 1) + " % of the tokens");
    const EpochOptions& epoch = inspection_.options.epoch;
    figure("steps", grouped(inspection_.steps_per_epoch),
           "each epoch, of " + std::to_string(epoch.batch_size) + " x " +
               std::to_string(epoch.accumulation) + " samples");
    figure("batches", grouped(inspection_.micro_batches_per_epoch), batch_note());
    figure("digest", mlflow_digest(profile_), "");
  }

  std::string left_out_note() const {
    const DatasetCounts& counts = profile_.counts;
    std::string note;
    const auto add = [&note](std::int64_t count, const char* what) {
      if (count > 0) note += (note.empty() ? "" : ", ") + grouped(count) + what;
    };
    add(counts.bad, " bad");
    add(counts.dropped, " too long");
    add(counts.without_trained_tokens, " with nothing to learn");
    return note.empty() ? "" : note + " (left out)";
  }

  std::string sample_note() const {
    std::string note;
    if (profile_.counts.truncated > 0) note = grouped(profile_.counts.truncated) + " truncated";
    if (profile_.duplicates > 0) {
      note += (note.empty() ? "" : ", ") + grouped(profile_.duplicates) + " repeated";
    }
    return note;
  }

  std::string batch_note() const {
    const EpochOptions& epoch = inspection_.options.epoch;
    if (epoch.packing == Packing::none) {
      return "not packed; the largest has " + grouped(inspection_.largest_micro_batch) + " tokens";
    }
    const double room = static_cast<double>(inspection_.micro_batches_per_epoch) *
                        static_cast<double>(epoch.max_positions);
    const double fill = room == 0 ? 0 : static_cast<double>(profile_.counts.tokens) / room;
    return "packed into " + grouped(epoch.max_positions) + " tokens, " + fixed(100 * fill, 0) +
           " % full";
  }

  void lengths() {
    const LengthSummary& lengths = profile_.lengths;
    if (lengths.shortest == lengths.longest) {
      text_ += "\nLength in tokens: " + grouped(lengths.longest) + "\n";
      return;
    }
    text_ += "\nLength in tokens: " + grouped(lengths.shortest) + " to " +
             grouped(lengths.longest) + ", half of them at most " + grouped(lengths.median) +
             ", 95 % at most " + grouped(lengths.percentile_95) + "\n";
    std::int64_t most = 1;
    for (const LengthBucket& bucket : lengths.histogram) most = std::max(most, bucket.samples);
    const std::size_t bar_columns = std::max<std::size_t>(style_.columns, 60) - 36;
    for (const LengthBucket& bucket : lengths.histogram) {
      const double share = static_cast<double>(bucket.samples) / static_cast<double>(most);
      const auto cells =
          static_cast<std::size_t>(std::ceil(share * static_cast<double>(bar_columns)));
      const std::int64_t last = std::min(bucket.end - 1, lengths.longest);
      const bool is_one = last == bucket.begin;
      text_ += padded_left(grouped(bucket.begin), 9) + (is_one ? "   " : " - ") +
               padded_right(is_one ? "" : grouped(last), 9) +
               padded_left(grouped(bucket.samples), 10) + (cells > 0 ? "  " : "");
      for (std::size_t i = 0; i < cells; ++i) text_ += "█";
      text_ += "\n";
    }
  }

  void cost() {
    const std::optional<CostEstimate>& cost = inspection_.options.cost;
    if (!cost) return;
    text_ += "\nEstimate" + (cost->what.empty() ? "" : " for " + cost->what) + "\n";
    if (inspection_.memory_bytes) {
      text_ += wrapped("memory about " + readable_bytes(*inspection_.memory_bytes) + ": weights " +
                           readable_bytes(cost->weight_bytes) + ", training state " +
                           readable_bytes(cost->trained_bytes) + ", activations " +
                           readable_bytes(cost->activation_bytes) +
                           (cost->available_bytes > 0
                                ? "; the device has " + readable_bytes(cost->available_bytes)
                                : ""),
                       style_.columns, "  ");
    }
    if (inspection_.seconds) {
      text_ += "  time about " + readable_seconds(*inspection_.seconds) + " for " +
               fixed(inspection_.options.epochs,
                     inspection_.options.epochs == std::floor(inspection_.options.epochs) ? 0 : 2) +
               (inspection_.options.epochs == 1 ? " epoch" : " epochs") + " at " +
               grouped(std::llround(cost->positions_per_second)) + " tokens/s\n";
    }
  }

  void samples() {
    if (inspection_.shown.empty()) return;
    text_ += style_.mark == TrainedMark::colour ? "\nTrained tokens are \x1b[32mgreen\x1b[0m.\n"
                                                : "\nTrained tokens stand between ⟦ and ⟧.\n";
    for (const ShownSample& shown : inspection_.shown) {
      text_ += "\nSample " + grouped(shown.number) + " of " + grouped(profile_.samples) + ": " +
               grouped(shown.tokens) + " tokens, " + grouped(shown.trained_tokens) + " trained\n";
      text_ += boxed_text(shown.runs, {.columns = style_.columns, .mark = style_.mark});
    }
  }

  void bad_rows() {
    if (inspection_.bad_rows.empty()) return;
    text_ += "\nBad rows\n";
    const std::size_t count = std::min(inspection_.bad_rows.size(), kShownBadRows);
    for (std::size_t i = 0; i < count; ++i) {
      text_ += wrapped(visible_text(inspection_.bad_rows[i].text()), style_.columns, "  ");
    }
    const std::int64_t more = profile_.counts.bad - static_cast<std::int64_t>(count);
    if (more > 0) text_ += "  … and " + grouped(more) + " more\n";
  }

  void warnings() {
    if (inspection_.warnings.empty()) return;
    text_ += "\n";
    for (const std::string& warning : inspection_.warnings) {
      text_ += wrapped("Warning: " + warning, style_.columns, "");
    }
  }

  const Inspection& inspection_;
  const DatasetProfile& profile_;
  const InspectionStyle& style_;
  std::string text_;
};

}  // namespace

std::string inspection_text(const Inspection& inspection, const InspectionStyle& style) {
  return Layout(inspection, style).text();
}

}  // namespace liquid::train
