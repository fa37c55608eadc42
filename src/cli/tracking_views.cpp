#include "cli/tracking_views.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>

namespace liquid::cli {

Facts& Facts::add(std::string_view name, std::string_view value) {
  facts_.emplace_back(name, value);
  return *this;
}

std::string Facts::text() const {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts_) widest = std::max(widest, name.size());
  std::string text;
  for (const auto& [name, value] : facts_) {
    text += fmt::format("{:<{}}{}\n", name + ":", widest + 2, value);
  }
  return text;
}

void add_view_option(CLI::App& command, std::string& view) {
  command.add_option("--view", view, "active (default), deleted, all")
      ->type_name("VIEW")
      ->check(CLI::IsMember({"active", "deleted", "all"}));
}

tracking::ViewType view_type_of(std::string_view view) {
  if (view == "deleted") return tracking::ViewType::deleted_only;
  return view == "all" ? tracking::ViewType::all : tracking::ViewType::active_only;
}

void add_paging_options(CLI::App& command, std::vector<std::string>& order_by,
                        std::int64_t& max_results) {
  command.add_option("--order-by", order_by, "e.g. \"metrics.loss ASC\"; may be given again")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command
      .add_option("--max-results", max_results,
                  "At most so many (default " + std::to_string(max_results) + ")")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}));
}

std::string readable_number(double value) { return number_text(value, Digits::readable); }

std::string number_text(double value, Digits digits) {
  if (!std::isfinite(value)) return std::isnan(value) ? "NaN" : value > 0 ? "inf" : "-inf";
  return digits == Digits::exact ? fmt::format("{}", value) : fmt::format("{:.6g}", value);
}

}  // namespace liquid::cli
