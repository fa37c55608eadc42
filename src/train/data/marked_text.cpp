#include "train/data/marked_text.h"

#include <algorithm>
#include <array>

#include "base/unicode.h"
#include "lfm2/batch.h"

namespace liquid::train {
namespace {

constexpr std::string_view kOpen = "⟦";
constexpr std::string_view kClose = "⟧";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kIndent = "  ";
constexpr std::string_view kTrainedBreak = "↵";

struct Range {
  char32_t first;
  char32_t last;
};

// Letters of two cells (Unicode's EastAsianWidth.txt, whole blocks) and marks that stand on the
// letter before them.
constexpr std::array kTwoCells = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
    Range{0xA960, 0xA97C},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
    Range{0xFE30, 0xFE6F},   Range{0xFF01, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF},
    Range{0x20000, 0x3FFFD}};
constexpr std::array kNoCell = {Range{0x0300, 0x036F}, Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF},
                                Range{0xFE00, 0xFE0F}};

template <typename Ranges>
bool is_in(const Ranges& ranges, char32_t letter) {
  return std::any_of(ranges.begin(), ranges.end(), [letter](const Range& range) {
    return letter >= range.first && letter <= range.last;
  });
}

std::size_t cells_of(char32_t letter) {
  if (is_in(kNoCell, letter)) return 0;
  return is_in(kTwoCells, letter) ? 2 : 1;
}

std::string_view opening(TrainedMark mark) { return mark == TrainedMark::colour ? kGreen : kOpen; }
std::string_view closing(TrainedMark mark) { return mark == TrainedMark::colour ? kPlain : kClose; }

// C0 without line break, DEL, and C1, which some terminals obey as well.
bool is_control(char32_t letter) { return letter < 0x20 || (letter >= 0x7F && letter < 0xA0); }

void append_hex(std::string& text, unsigned byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  text += "\\x";
  text += kDigits[(byte >> 4U) & 15U];
  text += kDigits[byte & 15U];
}

void append_visible(std::string& text, char32_t letter) {
  if (is_control(letter)) {
    append_hex(text, letter);
  } else {
    append_utf8(text, letter);
  }
}

// Lines of runs, filled letter by letter.
class Lines {
 public:
  // Two cells more for the marks of each change, so that a marked line still fits.
  Lines(std::size_t columns, TrainedMark mark)
      : columns_(std::max<std::size_t>(columns, 20) - kIndent.size()),
        mark_cells_(mark == TrainedMark::brackets ? 2 : 0) {
    lines_.emplace_back();
  }

  void put(char32_t letter, bool trained) {
    if (letter == U'\n') {
      if (trained) put_visible(kTrainedBreak, 1, trained);
      break_line();
      return;
    }
    std::string visible;
    append_visible(visible, letter);
    put_visible(visible, is_control(letter) ? visible.size() : cells_of(letter), trained);
  }

  std::vector<std::vector<TextRun>> take() {
    if (lines_.back().empty() && lines_.size() > 1) lines_.pop_back();
    return std::move(lines_);
  }

 private:
  void put_visible(std::string_view visible, std::size_t cells, bool trained) {
    std::size_t mark = opens_mark(trained) ? mark_cells_ : 0;
    if (used_ > 0 && used_ + cells + mark > columns_) {
      break_line();
      mark = trained ? mark_cells_ : 0;
    }
    if (lines_.back().empty() || lines_.back().back().trained != trained) {
      lines_.back().push_back({"", trained});
    }
    lines_.back().back().text += visible;
    used_ += cells + mark;
  }
  bool opens_mark(bool trained) const {
    return trained && (lines_.back().empty() || !lines_.back().back().trained);
  }
  void break_line() {
    lines_.emplace_back();
    used_ = 0;
  }

  const std::size_t columns_;
  const std::size_t mark_cells_;
  std::size_t used_ = 0;
  std::vector<std::vector<TextRun>> lines_;
};

}  // namespace

std::vector<TextRun> text_runs(const Sample& sample, const tokenizer::Tokenizer& tokenizer) {
  std::vector<TextRun> runs;
  for (std::size_t begin = 0; begin < sample.ids.size();) {
    const bool trained = sample.labels[begin] != lfm2::kIgnoredLabel;
    std::size_t end = begin;
    while (end < sample.ids.size() && (sample.labels[end] != lfm2::kIgnoredLabel) == trained) ++end;
    const std::span<const std::int32_t> ids(sample.ids.data() + begin, end - begin);
    runs.push_back({tokenizer.decode(ids, tokenizer::DecodeSpecial::keep), trained});
    begin = end;
  }
  return runs;
}

std::string marked_text(const std::vector<TextRun>& runs, TrainedMark mark) {
  std::string text;
  for (const TextRun& run : runs) {
    if (run.trained) text += opening(mark);
    text += run.text;
    if (run.trained) text += closing(mark);
  }
  return text;
}

std::string boxed_text(const std::vector<TextRun>& runs, const TextBox& box) {
  Lines filling(box.columns, box.mark);
  for (const TextRun& run : runs) {
    for (std::size_t at = 0; at < run.text.size();) {
      filling.put(next_code_point(run.text, at), run.trained);
    }
  }
  const std::vector<std::vector<TextRun>> lines = filling.take();
  const std::size_t most = std::max<std::size_t>(box.max_lines, 3);
  const std::size_t tail = (most - 1) / 3;
  const std::size_t head = most - 1 - tail;
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines.size() > most && i == head) {
      i = lines.size() - tail;
      text += std::string(kIndent) + "… " + std::to_string(i - head) + " lines …\n";
    }
    text += std::string(kIndent) + marked_text(lines[i], box.mark) + "\n";
  }
  return text;
}

std::string visible_text(std::string_view text, std::size_t max_letters) {
  const bool is_utf8 = is_valid_utf8(text);
  std::string visible;
  std::size_t letters = 0;
  for (std::size_t at = 0; at < text.size(); ++letters) {
    if (letters == max_letters) return visible + "…";
    const auto byte = static_cast<unsigned char>(text[at]);
    if (is_utf8) {
      append_visible(visible, next_code_point(text, at));
    } else if (++at; is_control(byte) || byte >= 0x80) {
      append_hex(visible, byte);
    } else {
      visible += static_cast<char>(byte);
    }
  }
  return visible;
}

}  // namespace liquid::train
