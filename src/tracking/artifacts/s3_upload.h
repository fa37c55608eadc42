#pragma once

#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "tracking/artifacts/files.h"
#include "tracking/artifacts/progress.h"
#include "tracking/artifacts/s3_calls.h"

namespace liquid::tracking::artifacts {

/// Sends a file as the object `key`, in parts above 64 MiB; returns its SHA-256. What was sent in
/// parts is given up on the server when something fails. Errors besides the server's: conflict (the
/// file changed meanwhile).
Result<Digest> upload_object(S3Calls& calls, const std::string& key, const SourceFile& file,
                             ProgressSum& sum);

}  // namespace liquid::tracking::artifacts
