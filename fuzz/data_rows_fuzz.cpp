// Bytes → JSON (Boost.JSON judges what is valid) → rows of every format: a row or a reason.
#include <boost/json.hpp>

#include "train/data/training_row.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using liquid::train::JsonView;
  using liquid::train::RowFormat;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const JsonView::Parsed parsed = JsonView::parse(text);
  boost::system::error_code failed;
  boost::json::parse_options options;
  options.max_depth = 128;
  const boost::json::value judged =
      boost::json::parse({text.data(), text.size()}, failed, {}, options);
  const bool only_judge_fails = failed == boost::json::error::exponent_overflow;
  if (parsed.value.has_value() == failed.failed() && !only_judge_fails) __builtin_trap();
  if (!parsed.value) return 0;
  if (judged.is_string() && parsed.value->string() != judged.as_string()) __builtin_trap();
  for (const RowFormat format : {RowFormat::alpaca, RowFormat::sharegpt, RowFormat::messages,
                                 RowFormat::prompt_completion, RowFormat::text}) {
    const auto row = liquid::train::parse_training_row(*parsed.value, format);
    if (!row && row.error().message.empty()) __builtin_trap();
  }
  return 0;
}
