#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "train/data/dataset.h"

namespace liquid::train {

/// A stretch of text whose tokens are all trained or all not.
struct TextRun {
  std::string text;
  bool trained = false;
  bool operator==(const TextRun&) const = default;
};

/// A sample as text, special tokens written out.
std::vector<TextRun> text_runs(const Sample& sample, const tokenizer::Tokenizer& tokenizer);

/// How trained text stands out: in colour on a terminal, between ⟦ and ⟧ elsewhere.
enum class TrainedMark { colour, brackets };

/// The runs behind one another, trained ones marked; line breaks as they are.
std::string marked_text(const std::vector<TextRun>& runs, TrainedMark mark);

struct TextBox {
  std::size_t columns = 80;
  std::size_t max_lines = 24;  ///< at least 3; what is in the middle gives way
  TrainedMark mark = TrainedMark::brackets;
};

/// The runs as lines of at most `columns` cells behind an indent of two, each marked by itself; a
/// trained line break shows as ↵. Control characters show as \xNN, so that no row can command the
/// terminal. Ends with a line break.
std::string boxed_text(const std::vector<TextRun>& runs, const TextBox& box);

/// Text safe to write to a terminal: control characters (and bytes that are not UTF-8) as \xNN, cut
/// behind `max_letters` with "…".
std::string visible_text(std::string_view text, std::size_t max_letters = std::string_view::npos);

}  // namespace liquid::train
