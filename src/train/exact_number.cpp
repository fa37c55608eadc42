#include "train/exact_number.h"

#include <cstdio>
#include <cstdlib>

namespace liquid::train {

std::string exact_text(double value) {
  char text[40];
  std::snprintf(text, sizeof(text), "%a", value);
  return text;
}

std::optional<double> exact_number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') return std::nullopt;
  return value;
}

}  // namespace liquid::train
