#include "tracking/sqlite/registered_models.h"

namespace liquid::tracking::sqlite {

std::unique_ptr<RegisteredModelStore> make_registered_model_store(Session&) { return nullptr; }

}  // namespace liquid::tracking::sqlite
