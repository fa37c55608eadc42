#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/server_call.h"

namespace liquid::cli {
namespace {

namespace json = boost::json;

struct CacheFlags {
  std::string server = kDefaultServer;
  std::string admin_key;
  bool json = false;
  std::string route;
  std::string tenant;
  std::string document;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid cache stats\n"
    "  liquid cache clear --route /search\n"
    "  liquid cache clear --document manual/control.html\n"
    "\n"
    "The server wants its admin key when it has one (--admin-key or\n"
    "LIQUID_ADMIN_KEY), and otherwise a caller on its own machine.\n";

void add_server_options(CLI::App& command, CacheFlags& flags) {
  command
      .add_option("--url,--server", flags.server,
                  "Server to ask (default " + std::string(kDefaultServer) + ")")
      ->type_name("URL")
      ->envname("LIQUID_URL");
  command.add_option("--admin-key", flags.admin_key, "Its admin key")
      ->type_name("KEY")
      ->envname("LIQUID_ADMIN_KEY");
  command.add_flag("--json", flags.json, "Print JSON");
}

// One "name: value" per line; objects become "name.inner: value".
void print_object(const json::object& object, const std::string& prefix) {
  for (const auto& [key, value] : object) {
    const std::string name = prefix + std::string(key);
    if (const json::object* inner = value.if_object()) {
      print_object(*inner, name + ".");
    } else {
      std::cout << name << ": " << json::serialize(value) << "\n";
    }
  }
}

int print(const http::ClientResponse& response, const CacheFlags& flags) {
  boost::system::error_code error;
  const json::value value = json::parse(response.body, error);
  if (flags.json || error || !value.is_object()) {
    std::cout << response.body << "\n";
  } else {
    print_object(value.get_object(), "");
  }
  return kSuccess;
}

int run_stats(const CacheFlags& flags) {
  const auto response = call_server({.method = "GET",
                                     .server = flags.server,
                                     .path = "/cache/stats",
                                     .body = {},
                                     .api_key = {},
                                     .admin_key = flags.admin_key});
  if (!response) return failure(response.error());
  return print(*response, flags);
}

int run_clear(const CacheFlags& flags) {
  json::object body;
  if (!flags.route.empty()) body["route"] = flags.route;
  if (!flags.tenant.empty()) body["tenant"] = flags.tenant;
  if (!flags.document.empty()) body["document_id"] = flags.document;
  const auto response = call_server({.method = "POST",
                                     .server = flags.server,
                                     .path = "/cache/clear",
                                     .body = json::serialize(body),
                                     .api_key = {},
                                     .admin_key = flags.admin_key});
  if (!response) return failure(response.error());
  return print(*response, flags);
}

}  // namespace

void add_cache_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("cache", "Look at a server's cache, or clear it");
  command->require_subcommand(1);
  command->footer(kExamples);
  const auto flags = std::make_shared<CacheFlags>();

  CLI::App* stats = command->add_subcommand("stats", "What it holds and does");
  add_server_options(*stats, *flags);
  stats->callback([flags, &status] { status = run_stats(*flags); });

  CLI::App* clear = command->add_subcommand("clear", "Drop stored answers");
  add_server_options(*clear, *flags);
  clear->add_option("--route", flags->route, "Only of this route")->type_name("PATH");
  clear->add_option("--tenant", flags->tenant, "Only of this tenant")->type_name("NAME");
  clear->add_option("--document", flags->document, "Only those made from it")->type_name("ID");
  clear->callback([flags, &status] { status = run_clear(*flags); });
}

}  // namespace liquid::cli
