#pragma once

#include "generate/generator.h"

namespace liquid::rag {

/// 0..1: how far an answer may be trusted to be one. Built from how well the cited passages cover
/// the question's words (most), how much of the question the documents know at all, and how close
/// the best passage comes to the best score this question could reach. Answers that were not found
/// stay at or below 0.3; found ones lie above 0.3. Not a probability.
double confidence(const generate::Prompt& prompt, const generate::Draft& draft);

}  // namespace liquid::rag
