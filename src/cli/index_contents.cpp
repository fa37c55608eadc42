#include "cli/index_contents.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "api/json_writer.h"
#include "cli/exit_status.h"
#include "cli/terminal.h"
#include "ingest/sources.h"
#include "search/chunk_index.h"
#include "search/filter.h"

namespace liquid::cli {
namespace {

using Rows = std::vector<search::DocumentRow>;

std::int64_t integer(std::uint64_t number) { return static_cast<std::int64_t>(number); }

// By id, by path, by a folder above the path, or by a glob over either.
bool names(const std::string& wanted, const search::DocumentRow& row) {
  const ingest::Scope folder(ingest::Scope::Kind::folder, ingest::normalised_path(wanted));
  return row.id == wanted || folder.covers(row.path) || search::glob_matches(wanted, row.id) ||
         search::glob_matches(wanted, row.path);
}

// The rows that `wanted` names, all rows when it is empty. not_found: one that names nothing.
Result<Rows> select(Rows rows, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return rows;
  Rows selected;
  std::vector<bool> used(wanted.size(), false);
  for (search::DocumentRow& row : rows) {
    bool take = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!names(wanted[i], row)) continue;
      used[i] = true;
      take = true;
    }
    if (take) selected.push_back(std::move(row));
  }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused == used.end()) return selected;
  return Error{ErrorCode::not_found,
               wanted[static_cast<std::size_t>(unused - used.begin())] + ": no such document"};
}

Result<Rows> selected_rows(const search::ChunkIndex& index, const IndexContents& contents) {
  Result<Rows> rows = index.documents();
  if (!rows) return rows;
  std::sort(rows->begin(), rows->end(),
            [](const auto& left, const auto& right) { return left.id < right.id; });
  Result<Rows> selected = select(std::move(*rows), contents.documents);
  if (!selected) return std::move(selected).error().with_context(contents.index);
  return selected;
}

std::string as_json(const Rows& rows) {
  api::JsonWriter json;
  json.begin_object().key("documents").begin_array();
  for (const search::DocumentRow& row : rows) {
    json.begin_object();
    json.key("id").string(row.id);
    json.key("path").string(row.path);
    json.key("title").string(row.title);
    json.key("chunks").integer(integer(row.chunks));
    json.key("content_hash").string(row.content_hash.hex());
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

std::string as_table(const Rows& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const search::DocumentRow& row : rows) {
    cells.push_back({row.id, row.title, std::to_string(row.chunks)});
  }
  return table({{"DOCUMENT"}, {"TITLE"}, {"CHUNKS", Align::right}}, cells,
               terminal_columns(STDOUT_FILENO));
}

std::string as_json(const search::ChunkIndex& index) {
  const search::IndexTotals totals = index.totals();
  const search::Settings& settings = index.settings();
  api::JsonWriter json;
  json.begin_object();
  json.key("documents").integer(integer(totals.documents));
  json.key("chunks").integer(integer(totals.chunks));
  json.key("segments").integer(integer(totals.segments));
  json.key("bytes_on_disk").integer(integer(totals.bytes_on_disk));
  json.key("bytes_in_memory").integer(integer(totals.bytes_in_memory));
  json.key("language").string(settings.language);
  json.key("epoch").string(index.epoch().hex());
  json.end_object();
  return std::move(json).take() + "\n";
}

std::string as_text(const search::ChunkIndex& index) {
  const search::IndexTotals totals = index.totals();
  return fmt::format(
      "documents  {}\nchunks     {}\nsegments   {}\non disk    {}\nin memory  {}\nlanguage   {}\n"
      "epoch      {}\n",
      totals.documents, totals.chunks, totals.segments,
      readable_bytes(static_cast<double>(totals.bytes_on_disk)),
      readable_bytes(static_cast<double>(totals.bytes_in_memory)), index.settings().language,
      index.epoch().hex());
}

Result<void> remove_all(search::ChunkIndex& index, const Rows& rows) {
  for (const search::DocumentRow& row : rows) {
    const Result<bool> removed = index.remove(row.id);
    if (!removed) return removed.error();
  }
  return index.commit();
}

}  // namespace

int run_index_list(const IndexContents& contents) {
  const auto index = search::ChunkIndex::open(contents.index, search::OpenMode::read_only);
  if (!index) return failure(index.error());
  const Result<Rows> rows = selected_rows(**index, contents);
  if (!rows) return failure(rows.error());
  fmt::print("{}", contents.json ? as_json(*rows) : as_table(*rows));
  return kSuccess;
}

int run_index_remove(const IndexContents& contents) {
  const auto index = search::ChunkIndex::open(contents.index, search::OpenMode::read_write);
  if (!index) return failure(index.error());
  const Result<Rows> rows = selected_rows(**index, contents);
  if (!rows) return failure(rows.error());
  if (const Result<void> removed = remove_all(**index, *rows); !removed) {
    return failure(removed.error());
  }
  if (contents.json) {
    fmt::print("{{\"removed\":{}}}\n", rows->size());
  } else {
    fmt::print("{} removed\n", rows->size());
  }
  return kSuccess;
}

int run_index_stats(const IndexContents& contents) {
  const auto index = search::ChunkIndex::open(contents.index, search::OpenMode::read_only);
  if (!index) return failure(index.error());
  fmt::print("{}", contents.json ? as_json(**index) : as_text(**index));
  return kSuccess;
}

int run_index_check(const IndexContents& contents) {
  const auto index = search::ChunkIndex::open(contents.index, search::OpenMode::read_only);
  if (!index) return failure(index.error());
  if (const Result<void> sound = (*index)->check(); !sound) return failure(sound.error());
  const search::IndexTotals totals = (*index)->totals();
  if (contents.json) {
    fmt::print("{{\"sound\":true,\"documents\":{},\"chunks\":{}}}\n", totals.documents,
               totals.chunks);
  } else {
    fmt::print("sound: {} documents, {} chunks\n", totals.documents, totals.chunks);
  }
  return kSuccess;
}

}  // namespace liquid::cli
