#include "generate/common_words.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace liquid::generate {
namespace {

constexpr std::string_view kFunctionWords =
    "a an the and or but nor if then else than since unless although though whereas as at by for "
    "from in into of off on onto out over "
    "to up "
    "down with within upon per via about after before between among under above below around "
    "across against toward during through until while because "
    "so "
    "how what which who whom whose when where why whether do does did doing done can could may "
    "might "
    "shall should will would must ought i me my mine myself we us our ours you your yours he him "
    "his "
    "she her hers it its they them their theirs this that these those there here is am are was "
    "were be "
    "been being has have had having not no yes some any all both too very also just only even such "
    "own again once more most much many less least few lot s t re ll ve don doesn didn isn aren "
    "wasn "
    "weren won can't cannot couldn shouldn wouldn let";

constexpr std::string_view kVagueWords =
    "use uses used using make makes made making try tries tried trying get gets got getting want "
    "wants "
    "wanted need needs needed show shows shown give gives given giving tell tells told ask asks "
    "asked "
    "happen happens happened work works worked working actually roughly usually normally typically "
    "generally basically essentially probably possibly certainly exactly approximately anybody "
    "somebody "
    "someone anyone nobody everybody everyone anything everything something nothing kind kinds "
    "sort "
    "sorts thing things stuff way ways general possible impossible put puts take takes taken took "
    "go "
    "goes going gone come comes coming came mean means meant call calls called look looks looking "
    "keep "
    "keeps kept good better best bad worse worst please still really simply quite rather already "
    "according without instead behind page pages documentation document documents docs right wrong "
    "see "
    "sees seen find finds found know knows known say says said stand stands mention mentions "
    "mentioned "
    "describe describes described explain explains explained recommend recommends recommended "
    "suggest "
    "suggests suggested allow allows allowed able help helps like likes another other others same "
    "different certain several every each always never ever often form forms part parts place "
    "places "
    "matter matters case cases question questions answer answers example examples purpose reason "
    "reasons difference become becomes became expect expects expected old new long short large "
    "small "
    "big little great high low first last one two three well become seem seems seemed turn turns "
    "turned "
    "think thinks thought believe happen maybe perhaps else ago soon later now today whole entire "
    "valid real true main major minor important special particular proper properly correct "
    "correctly "
    "apply applies applied provide provides provided cause causes caused involve involved include "
    "includes included available actual various";

constexpr std::string_view kEverydayWords =
    "accept across act add agree alone along amount appear approach arrive attempt avoid away back "
    "base "
    "begin belong bigger bit body bottom box break bring brings broken build built business busy "
    "buy "
    "capital care carry catch center chance change changed changes choose chosen clean clear close "
    "closed cold collect combine common compare complete consider consist contain continue control "
    "copy cost count cover create cut daily damage danger day days deal decide deep delay deliver "
    "depend "
    "deny details die difficult direct disappear discover divide double doubt draw drive drop "
    "dropped "
    "dry during early earlier easy edge effect effort empty end enough enter equal error escape "
    "event "
    "exceed exist expensive extra face fact fail fall familiar far fast favor fear feel fill final "
    "fine "
    "finish firm fit fix flat fly follow foot force forget free fresh front full future gain "
    "gather "
    "gentle glad gradually grand grow guess guide half hand handle hang hard harm head hear heavy "
    "hide "
    "hidden hit hold holds hope hot hour hours huge hurt idea ignore imagine improve increase "
    "inner "
    "inside intend interest invite job join judge jump key kill language late lay lead learn leave "
    "left "
    "length letter lie lies life lift light limit line list listen live load local lock lose lost "
    "loud "
    "love lower manage manner mark master maximum meet middle mind minute minutes miss mistake mix "
    "month "
    "months move name narrow natural near necessary newest next nice noise normal notice number "
    "numbers "
    "occur offer oldest open opposite order ordinary original outer outside pass past pay people "
    "perform "
    "period person pick piece plain plan play point poor popular position prefer prepare present "
    "press "
    "pretty prevent price print probably problem produce promise protect prove public pull push "
    "quality "
    "quick quickly quiet raise range rare rate reach read ready receive recent record reduce "
    "refuse "
    "regular reject relate release remain remember remove repair repeat replace reply report "
    "require "
    "rest result return rich ride ring rise rough round rule run runs safe save search second "
    "seconds "
    "secret select sell send sends sent separate serious serve set share sharp shape shift show "
    "shut "
    "side sign silent similar simple single sit situation size sleep slow slowly smart smooth soft "
    "solve sound space speak speed spend split spot spread stand start starts started state stay "
    "step "
    "stop store story straight strange strong study subject succeed success sudden suddenly suit "
    "sum "
    "supply support suppose sure surface surprise survive swap sweet switch talk teach tell "
    "temporary "
    "test text thick thin tight time times together top total touch trade travel treat trouble "
    "trust "
    "turn type typical understand unit until upper usual value view visible visit visitor visitors "
    "wait "
    "walk wall warm wash waste watch weak wear week weeks weight wide width win window wish wonder "
    "word "
    "words world worry write written wrote year years young";

using Characters = std::unordered_map<std::string_view, WordCharacter>;

void add(Characters& characters, std::string_view words, WordCharacter character) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    characters.try_emplace(words.substr(0, end), character);
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

Characters read_lists() {
  Characters characters;
  add(characters, kFunctionWords, WordCharacter::function_word);
  add(characters, kVagueWords, WordCharacter::vague);
  add(characters, kEverydayWords, WordCharacter::everyday);
  return characters;
}

}  // namespace

WordCharacter character_of(std::string_view word) {
  static const Characters characters = read_lists();
  const auto found = characters.find(word);
  return found == characters.end() ? WordCharacter::special : found->second;
}

}  // namespace liquid::generate
