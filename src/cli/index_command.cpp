#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/index_add.h"
#include "cli/index_contents.h"
#include "cli/serve_settings.h"

namespace liquid::cli {
namespace {

constexpr const char* kAddNotes =
    "Read are Markdown, HTML, plain text, PDF (with pdftotext) and JSONL\n"
    "(.md .markdown .html .htm .xhtml .txt .text .pdf .jsonl .ndjson), each also as\n"
    ".gz. Run it again when files have changed: unchanged ones are skipped. Files\n"
    "that cannot be read are named with the reason and skipped.\n"
    "\n"
    "A document's name is its path as given here, or the _id of a JSONL row\n"
    "{\"_id\": …, \"title\": …, \"text\": …, …}. Ctrl-C keeps what is finished.\n"
    "\n"
    "Examples:\n"
    "  liquid index add handbook/ report.pdf\n"
    "  liquid index add --prune --exclude README.md --exclude drafts docs/\n"
    "  liquid index add 'docs/**/*.md'\n"
    "  zcat rows.jsonl.gz | liquid index add -\n"
    "\n"
    "Status: 0 done, 1 failed (with --strict: also when a file was skipped), 2 bad\n"
    "usage, 130 stopped by Ctrl-C.\n";

constexpr const char* kSelectionNotes =
    "A document is named by its id, its path, a folder above it, or a glob over one\n"
    "of them (* and ? within a name, ** across folders).\n";

void add_index_option(CLI::App& command, std::string& index) {
  command.add_option("--index", index, "Folder of the index (default " + index + ")")
      ->type_name("DIR")
      ->envname("LIQUID_INDEX");
}

void add_size_options(CLI::App& command, IndexAdd& add) {
  const auto tokens = CLI::Range(std::size_t{0}, corpus::kMaxChunkTokens);
  command
      .add_option("--chunk-tokens", add.options.chunks.max_tokens, "Largest chunk (default 320)")
      ->type_name("N")
      ->check(tokens);
  command
      .add_option("--chunk-overlap,--overlap-tokens", add.options.chunks.overlap_tokens,
                  "Tokens a chunk repeats of the one before (default 40)")
      ->type_name("N")
      ->check(tokens);
  command
      .add_option("--max-file-size", add.options.max_file_bytes,
                  "Skip larger files, also when unpacked; JSONL: larger rows (default 64MiB)")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE");
}

void add_add_command(CLI::App& parent, int& status) {
  CLI::App* command = parent.add_subcommand("add", "Add, replace and prune documents");
  const auto add = std::make_shared<IndexAdd>();
  add->index = kDefaultIndex;
  command->add_option("path", add->selection.paths, "Files, folders, globs; - is JSONL on stdin")
      ->required();
  add_index_option(*command, add->index);
  command->add_option("--include", add->selection.include, "Only files that match")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command->add_option("--exclude", add->selection.exclude, "No files and folders that match")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command->add_flag("--prune", add->prune, "Remove documents of files that are gone");
  add_size_options(*command, *add);
  command
      ->add_option("--language", add->language,
                   "Stemmer and stop words of a new index (default english)")
      ->type_name("NAME");
  command->add_flag("--strict", add->strict, "Status 1 when a file was skipped");
  command->add_flag("--quiet", add->quiet, "Only tell what was skipped");
  command->add_flag("--json", add->json, "Print the result as JSON");
  command->footer(kAddNotes);
  command->callback([add, &status] { status = run_index_add(*add); });
}

using RunContents = int (*)(const IndexContents&);

struct ContentsCommand {
  const char* name;
  const char* description;
  RunContents run;
  enum class Documents { none, optional, required } documents;
};

void add_contents_command(CLI::App& parent, const ContentsCommand& description, int& status) {
  CLI::App* command = parent.add_subcommand(description.name, description.description);
  const auto contents = std::make_shared<IndexContents>();
  contents->index = kDefaultIndex;
  if (description.documents != ContentsCommand::Documents::none) {
    CLI::Option* documents =
        command->add_option("document", contents->documents, "Ids, paths, folders or globs");
    if (description.documents == ContentsCommand::Documents::required) documents->required();
    command->footer(kSelectionNotes);
  }
  add_index_option(*command, contents->index);
  command->add_flag("--json", contents->json, "Print JSON");
  command->callback([contents, run = description.run, &status] { status = run(*contents); });
}

}  // namespace

void add_index_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("index", "Make an index of documents, look into it");
  command->require_subcommand(1);
  add_add_command(*command, status);
  using Documents = ContentsCommand::Documents;
  for (const ContentsCommand& one :
       {ContentsCommand{"list", "Documents in the index", run_index_list, Documents::optional},
        ContentsCommand{"remove", "Remove documents", run_index_remove, Documents::required},
        ContentsCommand{"stats", "Size and state of the index", run_index_stats, Documents::none},
        ContentsCommand{"check", "Prove that the index is sound", run_index_check,
                        Documents::none}}) {
    add_contents_command(*command, one, status);
  }
}

}  // namespace liquid::cli
