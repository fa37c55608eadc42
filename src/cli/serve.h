#pragma once

#include "base/result.h"
#include "cli/serve_settings.h"

namespace liquid::cli {

/// Builds every object of the server, wires them and serves until SIGTERM or SIGINT. Errors: what
/// stops the start (index, port, certificate, key files, endpoint), each naming what is wrong.
Result<void> serve(const ServeSettings& settings);

}  // namespace liquid::cli
