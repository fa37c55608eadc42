#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace liquid::lfm2 {

/// The name llama.cpp gives a tensor: "model.layers.3.conv.in_proj.weight" →
/// "blk.3.shortconv.in_proj.weight". Nothing for a name that no dense LFM2 has.
std::optional<std::string> gguf_name(std::string_view checkpoint_name);

}  // namespace liquid::lfm2
