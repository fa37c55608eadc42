#pragma once

#include <string>

namespace liquid::rag {

/// What a question is searched by: its text without the English words that only hold the sentence
/// together ("how", "which", "can I"). They are rare enough in documents to be weighted like
/// subjects. "Quoted phrases" stay as they are; a question of nothing but such words stays whole,
/// and a very long one is cut.
std::string search_words(const std::string& question);

}  // namespace liquid::rag
