#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
}

namespace liquid::cli {

/// liquid models log: what a training left becomes a model of its run.
void add_model_log_command(CLI::App& models, int& status);

}  // namespace liquid::cli
