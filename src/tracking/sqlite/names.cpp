#include <array>
#include <random>
#include <string>
#include <string_view>

#include "tracking/sqlite/identities.h"

namespace liquid::tracking::sqlite {
namespace {

// At most eight letters each: two words, a number below 1000 and the dashes make 21 at most; pairs
// that come out longer than 20 are drawn again.
constexpr std::array<std::string_view, 64> kAdjectives = {
    "amber",  "bold",    "brave",  "bright", "brisk",  "calm",   "candid", "clear",
    "clever", "cosmic",  "crisp",  "curly",  "deep",   "eager",  "early",  "fancy",
    "fast",   "fluid",   "fresh",  "gentle", "glad",   "golden", "grand",  "happy",
    "hidden", "honest",  "jolly",  "keen",   "kind",   "lively", "loud",   "lucid",
    "lucky",  "mellow",  "merry",  "mighty", "misty",  "modest", "nimble", "noble",
    "olive",  "patient", "plucky", "polite", "proud",  "quick",  "quiet",  "rapid",
    "royal",  "rustic",  "serene", "silent", "silver", "smooth", "snowy",  "solid",
    "sunny",  "swift",   "tidy",   "urban",  "vivid",  "warm",   "witty",  "young"};
constexpr std::array<std::string_view, 64> kNouns = {
    "anchor", "badger",  "bay",    "beacon", "birch",  "bison", "brook",  "canyon",
    "cedar",  "cliff",   "cloud",  "comet",  "coral",  "crane", "creek",  "delta",
    "dune",   "eagle",   "ember",  "falcon", "fern",   "finch", "fjord",  "flint",
    "fox",    "gale",    "geyser", "glade",  "harbor", "hare",  "heron",  "island",
    "jay",    "lagoon",  "lark",   "leaf",   "lynx",   "maple", "marsh",  "meadow",
    "moon",   "moss",    "oak",    "ocean",  "orchid", "otter", "owl",    "pebble",
    "pine",   "prairie", "raven",  "reef",   "ridge",  "river", "robin",  "seal",
    "spruce", "stone",   "stork",  "tide",   "valley", "wave",  "willow", "wren"};
constexpr std::size_t kMaxName = 20;

}  // namespace

std::string new_name() {
  std::random_device device;
  std::uniform_int_distribution<int> number(0, 999);
  std::uniform_int_distribution<std::size_t> word(0, kNouns.size() - 1);
  for (;;) {
    std::string name(kAdjectives[word(device)]);
    name.append("-").append(kNouns[word(device)]).append("-");
    name += std::to_string(number(device));
    if (name.size() <= kMaxName) return name;
  }
}

}  // namespace liquid::tracking::sqlite
