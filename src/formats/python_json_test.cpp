#include "formats/python_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace liquid::formats {
namespace {

TEST(PythonJson, NumbersAreSpelledAsPythonDoes) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {3.0, "3.0"},
      {0.1, "0.1"},
      {1e6, "1000000.0"},
      {1e-4, "0.0001"},
      {1e-5, "1e-05"},
      {-2.5e-7, "-2.5e-07"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {1.5e300, "1.5e+300"},
      {std::nan(""), "NaN"},
      {-std::numeric_limits<double>::infinity(), "-Infinity"}};
  for (const auto& [number, text] : cases) EXPECT_EQ(python_number(number), text);
}

TEST(PythonJson, TextIsLaidOutWithTwoBlanks) {
  EXPECT_EQ(python_json(R"({"a":1E6,"b":[1,true,null],"c":{},"d":[ ],"e":"x,\"{:1E6"})"),
            "{\n  \"a\": 1000000.0,\n  \"b\": [\n    1,\n    true,\n    null\n  ],\n  \"c\": {},\n"
            "  \"d\": [],\n  \"e\": \"x,\\\"{:1E6\"\n}");
  EXPECT_EQ(python_json("1E-5"), "1e-05");
}

}  // namespace
}  // namespace liquid::formats
