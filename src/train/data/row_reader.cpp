#include "train/data/row_reader.h"

#include <algorithm>

#include "train/data/json_text.h"
#include "train/data/unpacked_file.h"

// file   = [ UTF-8 byte order mark ] ( lines | list | values )
// lines  = *( [ value ] line-end )                    each value within its line; .jsonl
// list   = ws "[" [ value *( "," value ) ] "]" ws     first character "["
// values = ws *( value ws )                           .json whose first line is no whole value
// A value's end is found by counting brackets outside strings, so that a value which is wrong
// inside costs itself and not the rest of the file.

namespace liquid::train {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_blank(std::string_view line) { return std::all_of(line.begin(), line.end(), is_space); }

enum class Layout { lines, list, values };

// Follows brackets and strings, byte by byte, to the end of one value.
class ValueEnd {
 public:
  /// True when `c` is the byte behind a value at the outermost level or ends it.
  bool ends_before(char c) const {
    return depth_ == 0 && !in_string_ && (c == ',' || c == ']' || c == '}');
  }
  void take(char c) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      return;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
  }
  bool is_outside() const { return depth_ == 0 && !in_string_; }

 private:
  std::int64_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

std::string too_long() {
  return "longer than " + std::to_string(kMaxRowBytes >> 20U) + " MiB (line breaks missing?)";
}

}  // namespace

struct RowReader::State {
  State(std::filesystem::path path_of_file, UnpackedFile opened)
      : path(std::move(path_of_file)), file(std::move(opened)) {}

  Result<void> begin();
  Result<std::optional<RawRow>> next_line();
  Result<std::optional<RawRow>> next_value();
  Result<std::optional<RawRow>> next_element();
  Result<std::optional<RawRow>> take_value(RawRow row);
  Result<std::optional<char>> next_visible();
  Error broken(const std::string& what) const {
    return Error{ErrorCode::data_corrupt, path.string() + ":" + std::to_string(line) + ": " + what};
  }
  void consume_character() {
    if (file.window().front() == '\n') ++line;
    file.consume(1);
  }

  std::filesystem::path path;
  UnpackedFile file;
  Layout layout = Layout::lines;
  bool begun = false;
  bool ended = false;
  bool any_element = false;
  std::int64_t line = 1;
};

RowReader::RowReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowReader::RowReader(RowReader&&) noexcept = default;
RowReader& RowReader::operator=(RowReader&&) noexcept = default;
RowReader::~RowReader() = default;

Result<RowReader> RowReader::open(const std::filesystem::path& file) {
  Result<UnpackedFile> opened = UnpackedFile::open(file);
  if (!opened) return std::move(opened).error();
  return RowReader(std::make_unique<State>(file, std::move(*opened)));
}

Result<std::optional<RawRow>> RowReader::next() {
  State& state = *state_;
  if (!state.begun) {
    if (Result<void> begun = state.begin(); !begun) return std::move(begun).error();
  }
  switch (state.layout) {
    case Layout::lines: return state.next_line();
    case Layout::list: return state.next_element();
    case Layout::values: return state.next_value();
  }
  return std::optional<RawRow>();
}

Result<void> RowReader::State::begin() {
  begun = true;
  if (const Result<bool> more = file.more(); !more) return more.error();
  if (file.window().starts_with(kByteOrderMark)) file.consume(kByteOrderMark.size());
  if (file.window().starts_with("\xFF\xFE") || file.window().starts_with("\xFE\xFF")) {
    return Error{ErrorCode::data_corrupt,
                 path.string() + ": is UTF-16, expected UTF-8 (iconv -f UTF-16 -t UTF-8)"};
  }
  const std::string_view window = file.window();
  const std::size_t first = window.find_first_not_of(" \t\r\n");
  if (first == window.npos) return {};
  if (window[first] == '[') {
    layout = Layout::list;
    return {};
  }
  const std::string name = path.filename().string();
  const bool is_json = name.ends_with(".json") || name.ends_with(".json.gz");
  const std::string_view first_line = window.substr(0, window.find('\n', first));
  if (is_json && !JsonView::parse(first_line).value) layout = Layout::values;
  return {};
}

Result<std::optional<RawRow>> RowReader::State::next_line() {
  RawRow row;
  for (;;) {
    const std::string_view window = file.window();
    const std::size_t end = window.find('\n');
    const std::string_view part = window.substr(0, end);
    if (row.text.size() + part.size() > kMaxRowBytes) {
      row.trouble = too_long();
      row.text.clear();
    }
    if (row.trouble.empty()) row.text += part;
    file.consume(part.size() + (end == window.npos ? 0 : 1));
    bool finished = end != window.npos;
    if (!finished) {
      const Result<bool> more = file.more();
      if (!more) return Error(more.error());
      if (*more) continue;
      if (row.text.empty() && row.trouble.empty()) return std::optional<RawRow>();
    }
    row.line = line++;
    if (!row.trouble.empty() || !is_blank(row.text)) return std::optional<RawRow>(std::move(row));
    row = RawRow{};
  }
}

// The next byte that is no white space, still in the window; nothing at the end of the file.
Result<std::optional<char>> RowReader::State::next_visible() {
  for (;;) {
    while (!file.window().empty()) {
      if (!is_space(file.window().front())) return std::optional<char>(file.window().front());
      consume_character();
    }
    const Result<bool> more = file.more();
    if (!more) return more.error();
    if (!*more) return std::optional<char>();
  }
}

// Everything up to the value's end, which stays in the window when it is a comma or a bracket.
Result<std::optional<RawRow>> RowReader::State::take_value(RawRow row) {
  ValueEnd end;
  for (;;) {
    const std::string_view window = file.window();
    std::size_t taken = 0;
    bool finished = false;
    while (taken < window.size() && !finished) {
      const char c = window[taken];
      if (end.ends_before(c)) break;
      end.take(c);
      if (c == '\n') ++line;
      ++taken;
      finished = layout == Layout::values && end.is_outside() && (c == '}' || c == ']');
    }
    finished = finished || taken < window.size();
    if (row.text.size() + taken > kMaxRowBytes) row.trouble = too_long();
    row.trouble.empty() ? void(row.text.append(window, 0, taken)) : row.text.clear();
    file.consume(taken);
    if (finished) return std::optional<RawRow>(std::move(row));
    const Result<bool> more = file.more();
    if (!more) return more.error();
    if (*more) continue;
    if (layout == Layout::values) return std::optional<RawRow>(std::move(row));
    return broken("the file ends inside the list; the row that begins in line " +
                  std::to_string(row.line) + " has no end (cut off?)");
  }
}

Result<std::optional<RawRow>> RowReader::State::next_value() {
  const Result<std::optional<char>> first = next_visible();
  if (!first) return first.error();
  if (!*first) return std::optional<RawRow>();
  RawRow row;
  row.line = line;
  if (**first == '{') return take_value(std::move(row));
  return next_line();  // Something else between the values: reported as a row that is wrong.
}

Result<std::optional<RawRow>> RowReader::State::next_element() {
  Result<std::optional<char>> first = next_visible();
  if (!first) return first.error();
  if (ended) {
    if (*first) return broken("more text behind the end of the list");
    return std::optional<RawRow>();
  }
  if (!any_element || **first == ',') {
    any_element = true;
    if (!*first) return broken("the file ends inside the list (cut off?)");
    consume_character();  // "[" or ","
    first = next_visible();
    if (!first) return first.error();
  }
  if (!*first) return broken("the file ends inside the list (cut off?)");
  if (**first == ']') {
    ended = true;
    consume_character();
    return next_element();
  }
  RawRow row;
  row.line = line;
  if (**first == ',' || **first == '}') {
    const std::string stray(1, **first);
    if (stray == "}") consume_character();
    row.trouble = "expected a row, found '" + stray + "'";
    return std::optional<RawRow>(std::move(row));
  }
  return take_value(std::move(row));
}

}  // namespace liquid::train
