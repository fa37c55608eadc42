#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "generate/chat.h"

using namespace liquid::generate;

// Any bytes as a model endpoint's answer: an error or a text; citation marks that stay are of
// passages that exist, and checking them twice changes nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const liquid::Result<std::string> text = chat_text(bytes);
  if (text && text->empty()) std::abort();
  if (chat_error_message(bytes).size() > 400) std::abort();
  constexpr std::size_t kPassages = 3;
  const Cited once = check_citations(text ? *text : bytes, kPassages);
  for (const std::size_t passage : once.passages) {
    if (passage >= kPassages) std::abort();
  }
  if (check_citations(once.text, kPassages).passages.size() < once.passages.size()) std::abort();
  says_not_found(once);
  return 0;
}
