#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
}

namespace liquid::cli {

/// Each function adds one sub-command to `app`. The chosen command runs while the command line is
/// parsed and leaves its exit status in `status`: 0 success, 1 failure (message on stderr), 2 bad
/// usage.
void add_serve_command(CLI::App& app, int& status);
void add_index_command(CLI::App& app, int& status);
void add_ask_command(CLI::App& app, int& status);
void add_cache_command(CLI::App& app, int& status);
void add_experiments_command(CLI::App& app, int& status);
void add_runs_command(CLI::App& app, int& status);
void add_metrics_command(CLI::App& app, int& status);
void add_artifacts_command(CLI::App& app, int& status);
void add_models_command(CLI::App& app, int& status);
void add_tracking_command(CLI::App& app, int& status);
void add_train_command(CLI::App& app, int& status);

/// `runs export` and `runs import`, below `runs`.
void add_run_transfer_commands(CLI::App& runs, int& status);
/// `runs recover` and `runs reap`.
void add_run_journal_commands(CLI::App& runs, int& status);

}  // namespace liquid::cli
