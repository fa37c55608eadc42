#include "train/run_plan.h"

#include <algorithm>

#include "train/setting_table.h"

namespace liquid::train {

NamedTexts describe(const Settings& settings) {
  NamedTexts texts;
  for (const Setting& row : setting_table()) {
    if (row.group.empty()) continue;
    std::string name = row.name;
    std::replace(name.begin(), name.end(), '-', '_');
    std::string value;
    for (const std::string& part : row.get(settings)) value += (value.empty() ? "" : ",") + part;
    texts.emplace_back(std::move(name), std::move(value));
  }
  return texts;
}

}  // namespace liquid::train
