#pragma once

#include <string>
#include <string_view>

#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"
#include "train/data/dataset.h"
#include "train/data/training_row.h"

namespace liquid::train {

/// What became of a row.
enum class RowFate { used, truncated, dropped, without_trained_tokens, bad };

struct RenderedRow {
  RowFate fate = RowFate::bad;
  Sample sample;       ///< When used or truncated.
  std::string reason;  ///< When bad.
};

/// Rows to ids and labels. Borrows tokenizer and template; any number of threads may use it at
/// once.
///
/// A chat is rendered by the template. A completion is the tokenizer's prefix, the prompt's tokens,
/// the completion's tokens, the end token: the border is a border of tokens, as it is when a model
/// goes on from a prompt. A text is prefix, tokens, end token. Prefix and end token that stand in
/// the text already are not doubled. The first token never carries loss: nothing comes before it.
class RowRenderer {
 public:
  RowRenderer(const tokenizer::Tokenizer& tokenizer, const tokenizer::ChatTemplate& chat,
              const DatasetOptions& options)
      : tokenizer_(tokenizer), chat_(chat), options_(options) {}

  /// The text of one JSON row.
  RenderedRow render(std::string_view json, RowFormat format) const;

 private:
  Result<Sample> sample_of(TrainingRow row) const;
  Result<Sample> chat_sample(ChatRow row) const;
  Result<Sample> completion_sample(const CompletionRow& row) const;
  Result<Sample> text_sample(const TextRow& row) const;
  std::vector<tokenizer::TokenId> with_prefix(std::string_view text) const;
  Result<void> append_end(Sample& sample) const;
  RenderedRow fitted(Sample sample) const;

  const tokenizer::Tokenizer& tokenizer_;
  const tokenizer::ChatTemplate& chat_;
  const DatasetOptions& options_;
};

}  // namespace liquid::train
