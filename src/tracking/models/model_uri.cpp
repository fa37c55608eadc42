#include "tracking/models/model_uri.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "tracking/names.h"

// Grammar of the URIs that name a model:
//
//   uri      = "runs:/" run [ "/" path ]
//            | "models:/" name "/" ( digits | "latest" | stage )      the last two in any case
//            | "models:/" name "@" alias                              split at the last "@"
//            | "models:/m-" id
//   path     = part { "/" part }           no part is empty, "." or ".."
//   stage    = "None" | "Staging" | "Production" | "Archived"
//   run, name, alias, id = characters other than "/"

namespace liquid::tracking {
namespace {

constexpr std::string_view kRuns = "runs:/";
constexpr std::string_view kModels = "models:/";
constexpr std::array<Stage, 4> kStages{Stage::none, Stage::staging, Stage::production,
                                       Stage::archived};

Error improper(std::string_view uri, std::string_view why) {
  return {ErrorCode::invalid_argument,
          "'" + std::string(uri) + "' " + std::string(why) +
              "; a model is named by runs:/<run id>/<path>, models:/<name>/<version>, "
              "models:/<name>/<stage>, models:/<name>/latest, models:/<name>@<alias> or "
              "models:/m-<id>"};
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

bool is_latest(std::string_view text) {
  constexpr std::string_view kLatest = "latest";
  return std::equal(text.begin(), text.end(), kLatest.begin(), kLatest.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

/// Every part is a plain name, so that the path cannot leave what it is appended to.
bool stays_inside(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
    if (path.empty()) return false;
  }
  return true;
}

Result<ModelUri> parse_run(std::string_view uri, std::string_view rest) {
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view run = rest.substr(0, slash);
  if (is_blank(run)) return improper(uri, "names no run");
  std::string_view path = rest.substr(std::min(slash + 1, rest.size()));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.find('\\') != std::string_view::npos || !stays_inside(path)) {
    return improper(uri, "has a path that does not stay inside the run");
  }
  return ModelUri{RunArtifact{RunId(std::string(run)), std::string(path)}};
}

Result<ModelUri> parse_suffixed(std::string_view uri, std::string name, std::string_view suffix) {
  if (is_digits(suffix)) return ModelUri{VersionName{std::move(name), std::string(suffix)}};
  if (is_latest(suffix)) return ModelUri{LatestOfModel{std::move(name)}};
  Result<Stage> stage = parse_stage(suffix);
  if (!stage) return std::move(stage).error().with_context(uri);
  return ModelUri{StageOfModel{std::move(name), *stage}};
}

Result<ModelUri> parse_registered(std::string_view uri, std::string_view rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view name = rest.substr(0, slash);
  if (is_blank(name)) return improper(uri, "names no model");
  if (slash != std::string_view::npos) {
    const std::string_view suffix = rest.substr(slash + 1);
    if (is_blank(suffix) || suffix.find('/') != std::string_view::npos) {
      return improper(uri, "has no single version, stage or 'latest' after the name");
    }
    return parse_suffixed(uri, std::string(name), suffix);
  }
  const std::size_t at = name.rfind('@');
  if (at != std::string_view::npos) {
    if (is_blank(name.substr(0, at)) || is_blank(name.substr(at + 1))) {
      return improper(uri, "has no name and alias around its '@'");
    }
    return ModelUri{
        AliasOfModel{std::string(name.substr(0, at)), std::string(name.substr(at + 1))}};
  }
  if (name.starts_with("m-") && name.size() > 2) return ModelUri{ModelId(std::string(name))};
  return improper(uri, "says no version, stage or alias of the model");
}

}  // namespace

Result<ModelUri> parse_model_uri(std::string_view uri) {
  if (uri.starts_with(kRuns)) return parse_run(uri, uri.substr(kRuns.size()));
  if (uri.starts_with(kModels)) return parse_registered(uri, uri.substr(kModels.size()));
  return improper(uri, "is no URI of a model");
}

std::string model_uri_text(const ModelUri& uri) {
  struct Spelling {
    std::string operator()(const RunArtifact& run) const {
      return std::string(kRuns) + run.run_id.str() + (run.path.empty() ? "" : "/") + run.path;
    }
    std::string operator()(const VersionName& version) const {
      return std::string(kModels) + version.name + "/" + version.version;
    }
    std::string operator()(const StageOfModel& model) const {
      return std::string(kModels) + model.name + "/" + std::string(stage_name(model.stage));
    }
    std::string operator()(const LatestOfModel& model) const {
      return std::string(kModels) + model.name + "/latest";
    }
    std::string operator()(const AliasOfModel& model) const {
      return std::string(kModels) + model.name + "@" + model.alias;
    }
    std::string operator()(const ModelId& id) const { return std::string(kModels) + id.str(); }
  };
  return std::visit(Spelling{}, uri);
}

Result<Stage> parse_stage(std::string_view text) {
  if (const std::optional<Stage> stage = stage_from(text)) return *stage;
  std::string known;
  for (const Stage stage : kStages) {
    known += (known.empty() ? "" : ", ") + std::string(stage_name(stage));
  }
  return Error{ErrorCode::invalid_argument,
               "'" + std::string(text) + "' is no stage of a model; the stages are " + known};
}

std::string below(std::string_view artifact_uri, std::string_view path) {
  if (path.empty()) return std::string(artifact_uri);
  while (artifact_uri.size() > 1 && artifact_uri.ends_with('/')) artifact_uri.remove_suffix(1);
  const bool has_slash = artifact_uri.ends_with('/');
  return std::string(artifact_uri) + (has_slash ? "" : "/") + std::string(path);
}

}  // namespace liquid::tracking
