#include "lfm2/model/batch_file.h"

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"

namespace liquid::lfm2 {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxBytes = std::uint64_t{256} << 20;

Error invalid(const std::string& message) { return {ErrorCode::invalid_argument, message}; }

struct Rows {
  std::vector<std::int32_t> values;
  std::vector<std::int32_t> lengths;
};

Result<void> append_row(const std::string& place, const json::array& row, Rows& rows) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    boost::system::error_code problem;
    const auto number = row[i].to_number<std::int32_t>(problem);
    if (problem || row[i].is_double()) {
      return invalid(place + "[" + std::to_string(i) + "] is " + json::serialize(row[i]) +
                     ", expected a whole number of 32 bits");
    }
    rows.values.push_back(number);
  }
  rows.lengths.push_back(static_cast<std::int32_t>(row.size()));
  return {};
}

Result<Rows> read_rows(const std::string& field, const json::value& value) {
  if (!value.is_array()) return invalid(field + " is no list");
  const json::array& list = value.get_array();
  Rows rows;
  if (list.empty() || !list.front().is_array()) {
    if (auto read = append_row(field, list, rows); !read) return std::move(read).error();
    return rows;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = field + "[" + std::to_string(i) + "]";
    if (!list[i].is_array()) return invalid(place + " is no list, but the rows before it are");
    if (auto read = append_row(place, list[i].get_array(), rows); !read) {
      return std::move(read).error();
    }
  }
  return rows;
}

Result<void> check_fields(const json::object& object) {
  for (const auto& field : object) {
    const std::string_view name = field.key();
    if (name == "input_ids" || name == "labels" || name == "seq_lens") continue;
    return invalid("unknown field " + std::string(name) + "; expected input_ids, labels, seq_lens");
  }
  if (!object.contains("input_ids")) return invalid("input_ids is missing");
  return {};
}

}  // namespace

Result<BatchFile> parse_batch(std::string_view text) {
  boost::system::error_code problem;
  const json::value root = json::parse(text, problem);
  if (problem) return invalid("no JSON: " + problem.message());
  if (!root.is_object()) return invalid("no JSON object");
  const json::object& object = root.get_object();
  if (auto fine = check_fields(object); !fine) return std::move(fine).error();

  auto ids = read_rows("input_ids", object.at("input_ids"));
  if (!ids) return std::move(ids).error();
  BatchFile file;
  file.batch.input_ids = std::move(ids->values);
  file.batch.seq_lens = std::move(ids->lengths);
  if (const json::value* labels = object.if_contains("labels")) {
    auto rows = read_rows("labels", *labels);
    if (!rows) return std::move(rows).error();
    file.batch.labels = std::move(rows->values);
  } else {
    file.labels = Labels::absent;
    file.batch.labels.assign(file.batch.input_ids.size(), kIgnoredLabel);
  }
  if (const json::value* lengths = object.if_contains("seq_lens")) {
    auto rows = read_rows("seq_lens", *lengths);
    if (!rows) return std::move(rows).error();
    file.batch.seq_lens = std::move(rows->values);
  }
  return file;
}

Result<BatchFile> read_batch(const std::filesystem::path& path) {
  auto text = read_file(path, kMaxBytes);
  if (!text) return std::move(text).error();
  auto batch = parse_batch(*text);
  if (!batch) return std::move(batch).error().with_context(path.string());
  return batch;
}

}  // namespace liquid::lfm2
