#include "train/run_plan.h"

#include <algorithm>

#include "train/setting_table.h"

namespace liquid::train {

DatasetProfile profile_of(const Dataset& dataset, std::string source) {
  DatasetProfile profile;
  profile.source = std::move(source);
  profile.files = dataset.files;
  profile.format = dataset.format;
  profile.counts = dataset.counts;
  profile.samples = static_cast<std::int64_t>(dataset.samples.size());
  profile.digest = dataset.digest;
  profile.files_digest = dataset.files_digest;
  for (const Sample& sample : dataset.samples) {
    const auto length = static_cast<std::int64_t>(sample.ids.size());
    profile.tokens += length;
    profile.trained_tokens += sample.trained_tokens();
    profile.longest = std::max(profile.longest, length);
  }
  return profile;
}

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
