#include "tracking/sqlite/experiments.h"

namespace liquid::tracking::sqlite {

std::unique_ptr<ExperimentStore> make_experiment_store(Session&) { return nullptr; }

}  // namespace liquid::tracking::sqlite
