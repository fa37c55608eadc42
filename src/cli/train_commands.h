#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
}

namespace liquid::cli {

/// The sub-commands of `liquid train`. Each adds itself to `app`; the chosen one runs while the
/// command line is parsed and leaves its exit status in `status`.
void add_export_command(CLI::App& app, int& status);
void add_forward_command(CLI::App& app, int& status);
void add_inspect_command(CLI::App& app, int& status);
void add_new_model_command(CLI::App& app, int& status);

}  // namespace liquid::cli
