#include "lfm2/targets.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "formats/module_pattern.h"
#include "lfm2/layout.h"

namespace liquid::lfm2 {
namespace {

constexpr std::string_view kWeight = ".weight";

struct Alias {
  std::string_view llama;
  std::string_view ours;
};
/// What Llama calls these modules; most recipes on the web name them so.
constexpr Alias kAliases[] = {
    {"o_proj", "out_proj"}, {"gate_proj", "w1"}, {"up_proj", "w3"}, {"down_proj", "w2"}};

/// Modules that exist and are no linear layer LoRA works on here, and why not.
struct Refusal {
  std::string_view name;
  std::string_view reason;
};
constexpr Refusal kRefusals[] = {
    {"embed_tokens", "the embedding is not trained by LoRA here (it is also the head when tied)"},
    {"lm_head", "the head is not trained by LoRA here"},
    {"conv",
     "the convolution's kernel is no linear module; its projections are conv.in_proj and "
     "conv.out_proj"}};

bool ends_with_part(std::string_view path, std::string_view name) {
  if (path == name) return true;
  return path.size() > name.size() && path.ends_with(name) &&
         path[path.size() - name.size() - 1] == '.';
}

/// Names have letters, digits, '_' and '.'; everything else makes an expression.
bool is_expression(std::string_view text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") !=
         std::string_view::npos;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

/// "self_attn.o_proj" → "self_attn.out_proj", or nothing when it is no Llama name.
std::optional<std::string> translated(std::string_view name) {
  const std::string_view last = last_part(name);
  const std::string front(name.substr(0, name.size() - last.size()));
  const bool llama_block = front.find("mlp.") != std::string::npos;
  for (const Alias& alias : kAliases) {
    if (last != alias.llama) continue;
    if (!llama_block) return front + std::string(alias.ours);
    return front.substr(0, front.find("mlp.")) + "feed_forward." + std::string(alias.ours);
  }
  return std::nullopt;
}

std::string kinds_text(const std::vector<TargetModule>& modules) {
  std::set<std::string> seen;
  std::string text;
  for (const TargetModule& module : modules) {
    if (seen.insert(module.kind).second) text += (text.empty() ? "" : ", ") + module.kind;
  }
  return text;
}

std::vector<bool> fitting(const std::vector<TargetModule>& all, const std::string& wanted) {
  std::vector<bool> chosen;
  const bool expression = is_expression(wanted);
  for (const TargetModule& module : all) {
    chosen.push_back(expression ? formats::fits_whole(wanted, module.path)
                                : ends_with_part(module.path, wanted));
  }
  return chosen;
}

bool any(const std::vector<bool>& chosen) {
  return std::find(chosen.begin(), chosen.end(), true) != chosen.end();
}

Error nothing_fits(const std::string& wanted, const std::vector<TargetModule>& all) {
  for (const Refusal& refusal : kRefusals) {
    if (last_part(wanted) == refusal.name) {
      return {ErrorCode::unsupported,
              "target module '" + wanted + "': " + std::string(refusal.reason)};
    }
  }
  return {ErrorCode::not_found, "target module '" + wanted +
                                    "' fits no linear module of this model; there are " +
                                    kinds_text(all) + " (or their last parts), and \"all-linear\""};
}

/// Which modules one entry means; tells about a translation in `notes`.
Result<std::vector<bool>> choose(const std::vector<TargetModule>& all, const std::string& wanted,
                                 std::vector<std::string>& notes) {
  if (wanted == "all-linear") return std::vector<bool>(all.size(), true);
  if (wanted.empty()) return Error{ErrorCode::invalid_argument, "a target module has no name"};
  if (is_expression(wanted)) {
    if (Result<void> sound = formats::check_pattern(wanted); !sound) {
      return std::move(sound).error().with_context("target modules");
    }
  }
  std::vector<bool> chosen = fitting(all, wanted);
  if (any(chosen)) return chosen;
  if (const std::optional<std::string> ours = translated(wanted)) {
    chosen = fitting(all, *ours);
    if (any(chosen)) {
      notes.push_back(wanted + " is called " + *ours + " in LFM2");
      return chosen;
    }
  }
  return nothing_fits(wanted, all);
}

/// Short names where a name means chosen modules only, whole paths for the rest.
std::vector<std::string> peft_names_of(const std::vector<TargetModule>& all,
                                       const std::vector<bool>& chosen) {
  const auto only_chosen = [&](std::string_view name) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!chosen[i] && ends_with_part(all[i].path, name)) return false;
    }
    return true;
  };
  std::set<std::string> names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!chosen[i]) continue;
    const std::string last(last_part(all[i].path));
    names.insert(only_chosen(last) ? last : only_chosen(all[i].kind) ? all[i].kind : all[i].path);
  }
  return {names.begin(), names.end()};
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, " ");
  }
  return text;
}

}  // namespace

std::vector<TargetModule> linear_modules(const Lfm2Config& config) {
  std::vector<TargetModule> modules;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (tensor.role != TensorRole::linear) continue;
    const std::string prefix = "model.layers." + std::to_string(tensor.layer) + ".";
    std::string path = tensor.name.substr(0, tensor.name.size() - kWeight.size());
    std::string kind = path.substr(prefix.size());
    modules.push_back({.path = std::move(path),
                       .kind = std::move(kind),
                       .layer = tensor.layer,
                       .in = static_cast<std::int64_t>(tensor.shape[1]),
                       .out = static_cast<std::int64_t>(tensor.shape[0])});
  }
  return modules;
}

Result<TargetSelection> resolve_targets(const Lfm2Config& config,
                                        std::span<const std::string> wanted) {
  const std::vector<TargetModule> all = linear_modules(config);
  std::vector<bool> chosen(all.size(), wanted.empty());
  TargetSelection selection;
  for (const std::string& entry : wanted) {
    const Result<std::vector<bool>> more = choose(all, entry, selection.translations);
    if (!more) return more.error();
    for (std::size_t i = 0; i < all.size(); ++i) chosen[i] = chosen[i] || (*more)[i];
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (chosen[i]) selection.modules.push_back(all[i]);
  }
  selection.peft_names = peft_names_of(all, chosen);
  return selection;
}

TargetTable tabulate(const Lfm2Config& config, std::span<const TargetModule> modules,
                     const LoraSettings& settings) {
  TargetTable table;
  table.model = count_parameters(config).total();
  for (const TargetModule& module : modules) {
    auto row = std::find_if(table.rows.begin(), table.rows.end(),
                            [&](const TargetRow& known) { return known.kind == module.kind; });
    if (row == table.rows.end()) {
      table.rows.push_back({.kind = module.kind, .in = module.in, .out = module.out});
      row = table.rows.end() - 1;
    }
    const std::uint64_t parameters =
        settings.rank_of(module.path) * static_cast<std::uint64_t>(module.in + module.out);
    ++row->modules;
    row->parameters += parameters;
    table.trained += parameters;
  }
  return table;
}

std::string to_text(const TargetTable& table) {
  char line[200];
  std::snprintf(line, sizeof(line), "%-22s %7s %15s %14s\n", "module", "layers", "in x out",
                "trained");
  std::string text = line;
  for (const TargetRow& row : table.rows) {
    const std::string size = std::to_string(row.in) + " x " + std::to_string(row.out);
    std::snprintf(line, sizeof(line), "%-22s %7lld %15s %14s\n", row.kind.c_str(),
                  static_cast<long long>(row.modules), size.c_str(),
                  grouped(row.parameters).c_str());
    text += line;
  }
  const double share = table.model == 0 ? 0.0
                                        : 100.0 * static_cast<double>(table.trained) /
                                              static_cast<double>(table.model);
  std::snprintf(line, sizeof(line), "trained: %s of %s parameters (%.2f %%)\n",
                grouped(table.trained).c_str(), grouped(table.model).c_str(), share);
  return text + line;
}

}  // namespace liquid::lfm2
