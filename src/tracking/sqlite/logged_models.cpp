#include "tracking/sqlite/logged_models.h"

namespace liquid::tracking::sqlite {

std::unique_ptr<LoggedModelStore> make_logged_model_store(Session&) { return nullptr; }

}  // namespace liquid::tracking::sqlite
