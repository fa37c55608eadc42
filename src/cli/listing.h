#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
}

namespace liquid::cli {

/// How a command writes what it found.
struct OutputFlags {
  bool json = false;
  bool csv = false;
};

/// Of a number in a cell: up to six that count, as people read it, or as many as make the very same
/// number again.
enum class Digits { readable, exact };
/// CSV is read by programs.
Digits digits_for(const OutputFlags& flags);

/// --json and --csv, of which at most one may be given.
void add_output_options(CLI::App& command, OutputFlags& flags);
/// --json alone, for what is no table.
void add_json_option(CLI::App& command, OutputFlags& flags);

/// Rows in three forms: a table for people, CSV (RFC 4180) of the same cells uncut, JSON for
/// programs. Numbers are cells already: `digits_for` says how they are to be written.
struct Listing {
  std::vector<Column> head;
  std::vector<std::vector<std::string>> rows;
  std::string json;   ///< The whole document.
  std::string empty;  ///< Said to people when there are no rows.
};

/// Writes to standard output; a table is sized to the terminal, and to nothing when it is none.
void print(const Listing& listing, const OutputFlags& flags);

/// One field of a CSV row, quoted where it must be.
std::string csv_field(std::string_view text);

}  // namespace liquid::cli
