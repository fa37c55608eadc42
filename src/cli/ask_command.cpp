#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "api/answer_json.h"
#include "api/canonical_request.h"
#include "cli/answer_view.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/serve_parts.h"
#include "cli/server_call.h"
#include "rag/answerer.h"

namespace liquid::cli {
namespace {

struct AskFlags {
  std::string question;
  std::string server = kDefaultServer;
  std::string api_key;
  std::string index;
  int passages = 5;
  bool thorough = false;
  bool json = false;
  ServeSettings generator;  ///< Only its part about the generator is used.
};

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid ask \"How do I reload the configuration?\"\n"
    "  liquid ask --url http://10.0.0.5:8000 --json \"Which port is used?\"\n"
    "  liquid ask --index docs.index \"Which port is used?\"\n"
    "\n"
    "With --index the answer is computed here, without a server or a cache.\n";

struct Reply {
  std::string body;
  AnswerOrigin origin;
};

Result<Reply> ask_server(const AskFlags& flags) {
  const api::AskRequest request{flags.question, flags.passages, true, !flags.thorough};
  auto response = call_server({.method = "POST",
                               .server = flags.server,
                               .path = "/ask",
                               .body = api::canonical_ask(request),
                               .api_key = flags.api_key,
                               .admin_key = {}});
  if (!response) return std::move(response).error();
  return Reply{response->body, {std::string(response->header("x-cache")), 0.0}};
}

Result<Reply> ask_index(const AskFlags& flags) {
  const SystemClock clock;
  ServeSettings settings = flags.generator;
  settings.index = flags.index;
  auto index = open_index(settings);
  if (!index) return std::move(index).error();
  auto generator = open_generator(settings, clock, **index);
  if (!generator) return std::move(generator).error();
  const search::Retriever retriever(**index);
  const rag::Answerer answerer(retriever, **generator);
  const auto answer = answerer.answer({api::canonical_text(flags.question),
                                       static_cast<std::size_t>(flags.passages),
                                       flags.thorough ? rag::Effort::thorough : rag::Effort::fast});
  if (!answer) return answer.error();
  return Reply{api::answer_json(*answer), {}};
}

int run_ask(const AskFlags& flags) {
  const auto begun = std::chrono::steady_clock::now();
  auto reply = flags.index.empty() ? ask_server(flags) : ask_index(flags);
  if (!reply) return failure(reply.error());
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - begun;
  reply->origin.milliseconds = elapsed.count();
  const auto view = flags.json ? answer_view_json(reply->body, reply->origin)
                               : answer_view(reply->body, reply->origin);
  if (!view) return failure(view.error());
  std::cout << *view;
  return kSuccess;
}

}  // namespace

void add_ask_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("ask", "Ask one question");
  const auto flags = std::make_shared<AskFlags>();
  command->add_option("question", flags->question, "The question")->required();
  auto* server = command->add_option("--url,--server", flags->server,
                                     "Server to ask (default " + std::string(kDefaultServer) + ")");
  server->type_name("URL")->envname("LIQUID_URL");
  command->add_option("--api-key", flags->api_key, "Key for that server")
      ->type_name("KEY")
      ->envname("LIQUID_API_KEY");
  auto* index = command->add_option("--index", flags->index, "Answer from this index instead");
  index->type_name("DIR");
  command->add_option("--passages", flags->passages, "Passages to answer from (default 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 20));
  command->add_flag("--thorough", flags->thorough, "A second retrieval round");
  command->add_flag("--json", flags->json, "Print JSON");
  const std::string group = "With --index";
  command->add_option("--generator", flags->generator.generator, "extractive or openai")
      ->type_name("NAME")
      ->check(CLI::IsMember({"extractive", "openai"}))
      ->group(group);
  command->add_option("--base-url", flags->generator.base_url, "OpenAI-compatible endpoint")
      ->type_name("URL")
      ->group(group);
  command->add_option("--model", flags->generator.model, "Model to ask for")
      ->type_name("NAME")
      ->group(group);
  command->footer(kExamples);
  command->callback([flags, &status] { status = run_ask(*flags); });
}

}  // namespace liquid::cli
