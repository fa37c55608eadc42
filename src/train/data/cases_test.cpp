#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "base/file.h"
#include "train/data/data_fixture_test.h"
#include "train/data/dataset.h"
#include "train/data/marked_text.h"

// Runs tests/cases/training/*.case: a file of rows in, samples with their trained text marked and
// bad rows out, over the fixture's tokenizer.
//   file: NAME
//   format: auto | alpaca | …            (default auto)
//   max_length: N                        (default 2048)
//   over_long: truncate | drop           (default truncate)
//   train_on: assistant | everything     (default assistant)
//   form: lfm2 | lfm2.5                  (default lfm2; the day is 2026-01-31)
//   system: TEXT
//   --- input
//   …
//   --- expected
//   …
// LIQUID_WRITE_CASES=1 writes what comes out into the files, to be read before it is committed.

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInput = "--- input\n";
constexpr std::string_view kExpected = "--- expected\n";

struct Case {
  std::string file = "rows.jsonl";
  tokenizer::ChatForm form = tokenizer::ChatForm::lfm2;
  DatasetOptions options;
  std::string head;  // all up to what is expected
  std::string input;
  std::string expected;
};

void take_setting(const std::string& name, const std::string& value, Case& parsed) {
  if (name == "file") parsed.file = value;
  if (name == "format") parsed.options.format = row_format_named(value).value();
  if (name == "max_length") parsed.options.max_length = std::stoi(value);
  if (name == "over_long" && value == "drop") parsed.options.over_long = OverLong::drop;
  if (name == "train_on" && value == "everything") parsed.options.train_on = TrainOn::everything;
  if (name == "form") parsed.form = tokenizer::chat_form_named(value).value();
  if (name == "system") parsed.options.system_prompt = value;
}

Case parse_case(const std::string& text) {
  const std::size_t input = text.find(kInput);
  const std::size_t expected = text.find(kExpected);
  Case parsed;
  parsed.options.max_bad_rows = 1;
  parsed.options.render.date = std::chrono::year{2026} / 1 / 31;
  parsed.head = text.substr(0, expected + kExpected.size());
  parsed.input = text.substr(input + kInput.size(), expected - input - kInput.size());
  parsed.expected = text.substr(expected + kExpected.size());
  std::istringstream head(text.substr(0, input));
  for (std::string line; std::getline(head, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) take_setting(line.substr(0, colon), line.substr(colon + 2), parsed);
  }
  return parsed;
}

std::string without_folder(std::string text, const fs::path& folder) {
  const std::string name = folder.string() + "/";
  for (std::size_t at = text.find(name); at != text.npos; at = text.find(name)) {
    text.erase(at, name.size());
  }
  return text;
}

std::string shown(const Dataset& dataset) {
  const DatasetCounts& counts = dataset.counts;
  std::ostringstream out;
  out << row_format_name(dataset.format) << ": " << counts.rows << " rows, " << counts.bad
      << " bad, " << counts.truncated << " truncated, " << counts.dropped << " dropped, "
      << counts.without_trained_tokens << " without trained tokens\n";
  for (const Sample& sample : dataset.samples) {
    out << "sample: " << sample.ids.size() << " tokens, " << sample.trained_tokens() << " trained\n"
        << marked_text(text_runs(sample, tiny_tokenizer()), TrainedMark::brackets) << "\n";
  }
  for (const BadRow& row : dataset.bad_rows) {
    out << "bad: " << row.file.filename().string() << ":" << row.line << ": " << row.reason << "\n";
  }
  return out.str();
}

class TrainingCases : public InFolder {
 protected:
  std::string outcome(const Case& one) const {
    const fs::path file = write(one.file, one.input);
    const auto chat = tokenizer::ChatTemplate::forced(tiny_tokenizer(), one.form);
    const Result<Dataset> dataset =
        read_dataset(file.string(), tiny_tokenizer(), chat, one.options);
    if (dataset) return shown(*dataset);
    return std::string(error_code_name(dataset.error().code)) + ": " +
           without_folder(dataset.error().message, folder()) + "\n";
  }
};

TEST_F(TrainingCases, GiveWhatTheirFilesSay) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(source_folder() / "tests/cases/training")) {
    const Case one = parse_case(read_file(entry.path()).value());
    SCOPED_TRACE(entry.path().filename().string());
    const std::string actual = outcome(one);
    if (std::getenv("LIQUID_WRITE_CASES") != nullptr) {
      std::ofstream(entry.path()) << one.head << actual;
    }
    EXPECT_EQ(actual, one.expected);
    ++count;
  }
  EXPECT_GE(count, 20u);
}

}  // namespace
}  // namespace liquid::train
