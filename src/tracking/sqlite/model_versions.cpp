#include "tracking/sqlite/model_versions.h"

namespace liquid::tracking::sqlite {

std::unique_ptr<ModelVersionStore> make_model_version_store(Session&) { return nullptr; }

}  // namespace liquid::tracking::sqlite
