// Ranks the documents of a BEIR collection (corpus.jsonl[.gz], queries.jsonl) for every query and
// prints a TREC run. Documents are read, chunked and indexed as `liquid index add` does; a
// document's score is that of its best chunk.

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <cstdio>
#include <string>
#include <unordered_set>

#include "base/file.h"
#include "scratch_index.h"

namespace liquid::bench {
namespace {

struct Options {
  std::filesystem::path corpus;
  std::filesystem::path queries;
  std::size_t depth = 100;
  search::Settings settings;
  corpus::ChunkOptions chunking;
};

int fail(const Error& error) {
  std::fprintf(stderr, "liquid_retrieval_bench: %s\n", error.message.c_str());
  return 1;
}

void print_ranking(const std::string& query_id, const std::vector<search::Hit>& hits,
                   std::size_t depth) {
  std::unordered_set<std::string> ranked;
  for (const search::Hit& hit : hits) {
    if (ranked.size() == depth) return;
    if (!ranked.insert(hit.document_id).second) continue;
    std::printf("%s Q0 %s %zu %.9f liquid\n", query_id.c_str(), hit.document_id.c_str(),
                ranked.size(), hit.score);
  }
}

/// Quotation marks in a query of a test collection are not meant as phrase search.
std::string plain_words(std::string text) {
  std::replace(text.begin(), text.end(), '"', ' ');
  return text;
}

Result<void> run_query(search::ChunkIndex& index, std::string_view line, std::size_t depth) {
  boost::system::error_code error;
  const boost::json::value query = boost::json::parse({line.data(), line.size()}, error);
  const auto* id = error ? nullptr : query.as_object().if_contains("_id");
  const auto* text = error ? nullptr : query.as_object().if_contains("text");
  if (id == nullptr || text == nullptr || !id->is_string() || !text->is_string()) {
    return Error{ErrorCode::data_corrupt, "not a query: " + std::string(line)};
  }
  constexpr std::size_t kChunksPerDocument = 3;
  auto found =
      index.search({plain_words(text->as_string().c_str()), depth * kChunksPerDocument, {}});
  if (!found) return std::move(found).error();
  print_ranking(id->as_string().c_str(), found->hits, depth);
  return {};
}

int run(const Options& options) {
  auto built =
      ScratchIndex::build(source_files(options.corpus), options.settings, options.chunking);
  if (!built) return fail(built.error());
  const Result<std::string> queries = read_file(options.queries);
  if (!queries) return fail(queries.error());
  std::string_view rest = *queries;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    const Result<void> ranked = run_query((*built)->index(), line, options.depth);
    if (!ranked) return fail(ranked.error());
  }
  return 0;
}

}  // namespace
}  // namespace liquid::bench

int main(int argc, char** argv) {
  liquid::bench::Options options;
  CLI::App app{"Ranks a test collection and prints a TREC run"};
  app.add_option("--corpus", options.corpus, "corpus.jsonl or corpus.jsonl.gz")->required();
  app.add_option("--queries", options.queries, "queries.jsonl")->required();
  app.add_option("--depth", options.depth, "Documents per query");
  app.add_option("--k1", options.settings.k1);
  app.add_option("--b", options.settings.b);
  app.add_option("--title-weight", options.settings.title_weight);
  app.add_option("--chunk-tokens", options.chunking.max_tokens);
  app.add_option("--overlap-tokens", options.chunking.overlap_tokens);
  CLI11_PARSE(app, argc, argv);
  return liquid::bench::run(options);
}
