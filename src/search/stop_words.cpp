#include <algorithm>

#include "search/analyzer.h"

namespace liquid::search {
namespace {

struct List {
  std::string_view language;
  std::string_view words;
};

// Short on purpose: the weighting already gives a word that stands everywhere a weight of almost
// nothing, so a list only saves work, and a long one makes questions unanswerable ("the who", "to
// be or not to be"). English is the 33-word list that search engines commonly start with; the
// others hold articles, conjunctions and the most frequent prepositions. Forms are case-folded ("ß"
// is "ss").
constexpr List kLists[] = {
    {"english",
     "a an and are as at be but by for if in into is it no not of on or such that the their then "
     "there these they this to was will with"},
    {"danish",
     "af at de den der det du en er et for fra han hun i ikke jeg med men og om på som til var"},
    {"dutch",
     "aan als bij dat de den der deze die dit door een en er het hij ik in is maar met naar niet "
     "of om "
     "ook op te tot uit van voor was wat ze zijn"},
    {"french",
     "au aux avec ce ces cette dans de des du elle elles en est et il ils la le les leur mais ne "
     "nous ou "
     "par pas pour que qui sa se ses son sont sur un une vous"},
    {"german",
     "als am an auch auf aus bei das dass dem den der des die durch ein eine einem einen einer "
     "eines er "
     "es für hat ich im in ist mit nach nicht oder sich sie sind so um und von vor war wie wird "
     "wir zu "
     "zum zur"},
    {"italian",
     "ad al alla anche che chi con da dal dalla dei del della delle di e ed gli ha i il in io la "
     "le lo "
     "ma ne nel nella non o per si sono su un una uno è"},
    {"norwegian",
     "at av de den der det du en er et for fra han hun i ikke jeg med men og om på som til var"},
    {"portuguese",
     "a ao as com como da das de do dos e ela ele em entre foi mais mas na nas no nos não o os ou "
     "para "
     "pela pelo por que se sem ser seu sua são um uma é"},
    {"spanish",
     "a al como con de del e el ella en entre es esta este fue la las lo los más no o para pero "
     "por que "
     "se ser si sin sobre su sus un una y"},
    {"swedish",
     "att av de den det du en ett för från han hon i inte jag med men och om på som till var är"},
};

}  // namespace

std::vector<std::string_view> stop_words(std::string_view language) {
  std::vector<std::string_view> words;
  for (const List& list : kLists) {
    if (list.language != language) continue;
    std::string_view rest = list.words;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      words.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::sort(words.begin(), words.end());
  return words;
}

}  // namespace liquid::search
