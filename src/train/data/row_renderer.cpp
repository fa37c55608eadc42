#include "train/data/row_renderer.h"

#include <algorithm>

#include "lfm2/batch.h"

namespace liquid::train {
namespace {

using tokenizer::SpecialTokens;
using tokenizer::TokenId;

// Each run of ones in the mask is one turn of the assistant: turns are never adjacent, for the
// header of the next one lies between them.
void keep_trained_turns(std::vector<std::uint8_t>& mask, const std::vector<std::uint8_t>& trained) {
  std::size_t turn = 0;
  for (std::size_t at = 0; at < mask.size();) {
    if (mask[at] == 0) {
      ++at;
      continue;
    }
    const bool keep = turn >= trained.size() || trained[turn] != 0;
    for (; at < mask.size() && mask[at] != 0; ++at) mask[at] = keep ? 1 : 0;
    ++turn;
  }
}

std::vector<std::int32_t> masked_labels(const std::vector<TokenId>& ids,
                                        const std::vector<std::uint8_t>& mask) {
  std::vector<std::int32_t> labels(ids.size(), lfm2::kIgnoredLabel);
  for (std::size_t i = 1; i < ids.size(); ++i) {
    if (mask[i] != 0) labels[i] = ids[i];
  }
  return labels;
}

void forget_first_label(Sample& sample) {
  if (!sample.labels.empty()) sample.labels.front() = lfm2::kIgnoredLabel;
}

void train_everything(Sample& sample) {
  sample.labels = sample.ids;
  forget_first_label(sample);
}

Error bad(std::string message) { return Error{ErrorCode::invalid_argument, std::move(message)}; }

/// A hint for rows that fit another format than the one they are read in.
std::string other_format(const JsonView& row, RowFormat format) {
  const std::optional<RowFormat> other = format_by_keys(row);
  if (!other || *other == format) return {};
  return " (the row looks like format " + std::string(row_format_name(*other)) + ")";
}

}  // namespace

RenderedRow RowRenderer::render(std::string_view json, RowFormat format) const {
  const JsonView::Parsed parsed = JsonView::parse(json);
  if (!parsed.value) return {RowFate::bad, {}, parsed.fault.text()};
  Result<TrainingRow> row = parse_training_row(*parsed.value, format);
  if (!row) return {RowFate::bad, {}, row.error().message + other_format(*parsed.value, format)};
  Result<Sample> sample = sample_of(std::move(*row));
  if (!sample) return {RowFate::bad, {}, sample.error().message};
  return fitted(std::move(*sample));
}

Result<Sample> RowRenderer::sample_of(TrainingRow row) const {
  Result<Sample> sample = Sample{};
  if (ChatRow* chat = std::get_if<ChatRow>(&row)) {
    sample = chat_sample(std::move(*chat));
  } else if (const CompletionRow* completion = std::get_if<CompletionRow>(&row)) {
    sample = completion_sample(*completion);
  } else {
    sample = text_sample(std::get<TextRow>(row));
  }
  if (sample && options_.train_on == TrainOn::everything) train_everything(*sample);
  return sample;
}

Result<Sample> RowRenderer::chat_sample(ChatRow row) const {
  std::vector<tokenizer::ChatMessage>& messages = row.conversation.messages;
  if (!options_.system_prompt.empty() && messages.front().role != "system") {
    messages.insert(messages.begin(), {"system", options_.system_prompt});
  }
  tokenizer::RenderOptions options = options_.render;
  options.generation_prompt = tokenizer::GenerationPrompt::leave_out;
  Result<tokenizer::RenderedChat> rendered = chat_.render(row.conversation, options);
  if (!rendered) return std::move(rendered).error();
  keep_trained_turns(rendered->assistant_mask, row.trained_turns);
  std::vector<std::int32_t> labels = masked_labels(rendered->ids, rendered->assistant_mask);
  return Sample{std::move(rendered->ids), std::move(labels)};
}

std::vector<TokenId> RowRenderer::with_prefix(std::string_view text) const {
  std::vector<TokenId> ids = tokenizer_.encode(text, SpecialTokens::leave_out);
  const auto prefix = tokenizer_.prefix();
  const bool has_it =
      ids.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), ids.begin());
  if (!has_it) ids.insert(ids.begin(), prefix.begin(), prefix.end());
  return ids;
}

Result<void> RowRenderer::append_end(Sample& sample) const {
  const std::optional<TokenId> end = tokenizer_.eos();
  if (!end) return bad("the tokenizer names no end token (eos) to put behind the text");
  if (sample.ids.empty() || sample.ids.back() != *end) {
    sample.ids.push_back(*end);
    sample.labels.push_back(*end);
  }
  return {};
}

Result<Sample> RowRenderer::completion_sample(const CompletionRow& row) const {
  Sample sample{with_prefix(row.prompt), {}};
  sample.labels.assign(sample.ids.size(), lfm2::kIgnoredLabel);
  for (const TokenId id : tokenizer_.encode(row.completion, SpecialTokens::leave_out)) {
    sample.ids.push_back(id);
    sample.labels.push_back(id);
  }
  if (Result<void> ended = append_end(sample); !ended) return std::move(ended).error();
  forget_first_label(sample);
  return sample;
}

Result<Sample> RowRenderer::text_sample(const TextRow& row) const {
  Sample sample{with_prefix(row.text), {}};
  sample.labels = sample.ids;
  if (Result<void> ended = append_end(sample); !ended) return std::move(ended).error();
  forget_first_label(sample);
  return sample;
}

// What is cut off is the end: the beginning gives the rest its sense. A turn that lost its end
// token teaches no end.
RenderedRow RowRenderer::fitted(Sample sample) const {
  RowFate fate = RowFate::used;
  const auto limit = static_cast<std::size_t>(options_.max_length);
  if (sample.ids.size() > limit) {
    if (options_.over_long == OverLong::drop) return {RowFate::dropped, {}, {}};
    sample.ids.resize(limit);
    sample.labels.resize(limit);
    fate = RowFate::truncated;
  }
  sample.ids.shrink_to_fit();  // They stay for the whole training.
  sample.labels.shrink_to_fit();
  if (sample.trained_tokens() == 0) return {RowFate::without_trained_tokens, {}, {}};
  return {fate, std::move(sample), {}};
}

}  // namespace liquid::train
