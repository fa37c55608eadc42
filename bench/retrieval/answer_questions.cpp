// Answers every question of a JSONL file ({"id", "question", …}) from the documents below a folder
// with the extractive generator, and prints one JSON line per question: what the server would say,
// without the server.

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <string>

#include "base/file.h"
#include "generate/extractive.h"
#include "rag/answerer.h"
#include "scratch_index.h"

namespace liquid::bench {
namespace {

namespace json = boost::json;

struct Options {
  std::filesystem::path documents;
  std::filesystem::path questions;
  std::size_t context_chunks = 5;
  bool thorough = false;
  search::Settings settings;
  corpus::ChunkOptions chunking;
};

int fail(const Error& error) {
  std::fprintf(stderr, "liquid_answer_bench: %s\n", error.message.c_str());
  return 1;
}

json::object to_json(const rag::Answer& answer) {
  return {{"found", answer.found},
          {"confidence", answer.confidence},
          {"answer", answer.text},
          {"sources", json::array(answer.sources.begin(), answer.sources.end())},
          {"context_used", answer.context_used}};
}

Result<void> answer_line(const rag::Answerer& answerer, std::string_view line,
                         const Options& options) {
  boost::system::error_code error;
  const json::value row = json::parse({line.data(), line.size()}, error);
  const auto* text = error ? nullptr : row.as_object().if_contains("question");
  if (text == nullptr || !text->is_string()) {
    return Error{ErrorCode::data_corrupt, "not a question: " + std::string(line)};
  }
  const auto effort = options.thorough ? rag::Effort::thorough : rag::Effort::fast;
  const auto answer = answerer.answer({text->as_string().c_str(), options.context_chunks, effort});
  if (!answer) return Error(answer.error());
  json::object out = to_json(*answer);
  const auto* id = row.as_object().if_contains("id");
  out["id"] = id == nullptr ? json::value() : *id;
  std::printf("%s\n", json::serialize(out).c_str());
  return {};
}

int run(const Options& options) {
  auto built =
      ScratchIndex::build(source_files(options.documents), options.settings, options.chunking);
  if (!built) return fail(built.error());
  const Result<std::string> questions = read_file(options.questions);
  if (!questions) return fail(questions.error());
  const search::Retriever retriever((*built)->index());
  const generate::ExtractiveGenerator generator;
  const rag::Answerer answerer(retriever, generator);
  std::string_view rest = *questions;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    const Result<void> answered = answer_line(answerer, line, options);
    if (!answered) return fail(answered.error());
  }
  return 0;
}

}  // namespace
}  // namespace liquid::bench

int main(int argc, char** argv) {
  liquid::bench::Options options;
  CLI::App app{"Answers questions over a folder of documents"};
  app.add_option("--documents", options.documents)->required();
  app.add_option("--questions", options.questions, "JSONL with \"id\" and \"question\"")
      ->required();
  app.add_option("--context-chunks", options.context_chunks);
  app.add_flag("--thorough", options.thorough, "With a second retrieval round");
  app.add_option("--k1", options.settings.k1);
  app.add_option("--b", options.settings.b);
  app.add_option("--title-weight", options.settings.title_weight);
  app.add_option("--section-weight", options.settings.section_weight);
  app.add_option("--chunk-tokens", options.chunking.max_tokens);
  app.add_option("--overlap-tokens", options.chunking.overlap_tokens);
  CLI11_PARSE(app, argc, argv);
  return liquid::bench::run(options);
}
