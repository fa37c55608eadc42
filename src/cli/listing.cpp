#include "cli/listing.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

namespace liquid::cli {
namespace {

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row += ',';
    row += csv_field(cells[i]);
  }
  return row + "\r\n";
}

std::string as_csv(const Listing& listing) {
  std::vector<std::string> titles;
  for (const Column& column : listing.head) titles.push_back(column.title);
  std::string text = csv_row(titles);
  for (const auto& row : listing.rows) text += csv_row(row);
  return text;
}

}  // namespace

Digits digits_for(const OutputFlags& flags) { return flags.csv ? Digits::exact : Digits::readable; }

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void add_json_option(CLI::App& command, OutputFlags& flags) {
  command.add_flag("--json", flags.json, "Print JSON");
}

void add_output_options(CLI::App& command, OutputFlags& flags) {
  auto* json = command.add_flag("--json", flags.json, "Print JSON");
  command.add_flag("--csv", flags.csv, "Print CSV")->excludes(json);
}

void print(const Listing& listing, const OutputFlags& flags) {
  if (flags.json) {
    std::cout << listing.json << "\n";
  } else if (flags.csv) {
    std::cout << as_csv(listing);
  } else if (listing.rows.empty()) {
    std::cout << listing.empty << "\n";
  } else {
    std::cout << table(listing.head, listing.rows, terminal_columns(STDOUT_FILENO));
  }
}

}  // namespace liquid::cli
