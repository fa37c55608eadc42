#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "tracking/entities.h"

// What a program tells its recorder, as plain values.

namespace liquid::tracking::recorder {

/// A file or folder of this machine that becomes an artifact of the run.
struct ArtifactNote {
  enum class Shape : std::uint8_t {
    named,     ///< Below the artifact folder under its own name.
    contents,  ///< What is in the folder goes into the artifact folder.
    owned,     ///< A file of the journal's own; `artifact_path` is its whole path.
  };
  std::string local_path;  ///< Absolute.
  std::string artifact_path;
  Shape shape = Shape::named;
  bool operator==(const ArtifactNote&) const = default;
};

/// An artifact whose content is given, not a file.
struct TextNote {
  std::string artifact_path;
  std::string content;
};

struct ModelInput {
  ModelId model_id;
};

struct RunEnd {
  RunStatus status = RunStatus::killed;
  std::int64_t time_ms = 0;
};

/// Points that were given and could not be kept, counted since the run's start.
struct LossNote {
  std::uint64_t thinned = 0;  ///< Left out because the journal was near its bound.
  std::uint64_t dropped = 0;  ///< Left out because memory was at its bound.
};

using Operation = std::variant<Metric, Param, Tag, DatasetInput, ModelInput, ModelOutput,
                               ArtifactNote, TextNote, RunEnd, LossNote>;

}  // namespace liquid::tracking::recorder
