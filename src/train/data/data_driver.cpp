// For tests/integration/training: what this room makes of rows, as commands.
//
//   rows TOKENIZER DATA MAX_LENGTH     a line "id:label id:label …" for each sample, or
//                                      "bad LINE REASON" for each row that cannot be used
//   mlflow TOKENIZER DATA              three lines: digest, profile, schema
//   schema FORMAT                      the schema of a format
//
// Errors go to standard error as "code: message"; exit status 1.

#include <charconv>
#include <iostream>
#include <string>
#include <vector>

#include "train/data/dataset.h"
#include "train/data/profile.h"

namespace liquid::train {
namespace {

using Arguments = std::vector<std::string>;

struct Reading {
  tokenizer::Tokenizer tokenizer;
  tokenizer::ChatTemplate chat;
  Dataset dataset;
};

Result<Reading> read(const std::string& folder, const std::string& data, std::int32_t max_length) {
  Result<tokenizer::Tokenizer> tokenizer = tokenizer::Tokenizer::open(folder);
  if (!tokenizer) return std::move(tokenizer).error();
  Result<tokenizer::ChatTemplate> chat = tokenizer::ChatTemplate::of(*tokenizer);
  if (!chat) return std::move(chat).error();
  Result<Dataset> dataset =
      read_dataset(data, *tokenizer, *chat, {.max_length = max_length, .max_bad_rows = 1});
  if (!dataset) return std::move(dataset).error();
  return Reading{std::move(*tokenizer), std::move(*chat), std::move(*dataset)};
}

Result<std::string> rows(const Arguments& words) {
  std::int32_t max_length = 0;
  std::from_chars(words[3].data(), words[3].data() + words[3].size(), max_length);
  const Result<Reading> reading = read(words[1], words[2], max_length);
  if (!reading) return reading.error();
  std::string lines;
  for (const Sample& sample : reading->dataset.samples) {
    for (std::size_t i = 0; i < sample.ids.size(); ++i) {
      lines += std::to_string(sample.ids[i]) + ":" + std::to_string(sample.labels[i]) + " ";
    }
    lines += "\n";
  }
  for (const BadRow& bad : reading->dataset.bad_rows) {
    lines += "bad " + std::to_string(bad.line) + " " + bad.reason + "\n";
  }
  return lines;
}

Result<std::string> mlflow(const Arguments& words) {
  const Result<Reading> reading = read(words[1], words[2], 2048);
  if (!reading) return reading.error();
  const DatasetProfile profile = profile_of(reading->dataset, reading->tokenizer, reading->chat);
  return mlflow_digest(profile) + "\n" + mlflow_profile(profile) + "\n" +
         mlflow_schema(profile.format) + "\n";
}

Result<std::string> schema(const Arguments& words) {
  const std::optional<RowFormat> format = row_format_named(words[1]);
  if (!format) return Error{ErrorCode::invalid_argument, "no format is named " + words[1]};
  return mlflow_schema(*format) + "\n";
}

Result<std::string> run(const Arguments& words) {
  if (words.size() == 4 && words[0] == "rows") return rows(words);
  if (words.size() == 3 && words[0] == "mlflow") return mlflow(words);
  if (words.size() == 2 && words[0] == "schema") return schema(words);
  return Error{ErrorCode::invalid_argument, "see the head of data_driver.cpp"};
}

}  // namespace
}  // namespace liquid::train

int main(int count, char** words) {
  const auto answer = liquid::train::run({words + 1, words + count});
  if (!answer) {
    std::cerr << liquid::error_code_name(answer.error().code) << ": " << answer.error().message
              << "\n";
    return 1;
  }
  std::cout << *answer;
  return 0;
}
