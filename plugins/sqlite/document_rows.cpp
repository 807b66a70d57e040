#include "document_rows.hpp"

#include <simdjson.h>

#include <sluice/json.hpp>

namespace sluice::sqlite {

namespace {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string broken(simdjson::error_code error) {
  return std::string("the document is not JSON: ") + simdjson::error_message(error);
}

}  // namespace

// The tree parser, not the lazy one: it looks at every byte, so that no half-read document gets a row, and it
// chooses the processor's widest instructions when it runs.
struct DocumentRows::Parser {
  simdjson::dom::parser dom;
  simdjson::padded_string padded;

  static Cell cell(simdjson::dom::element value, RowSet& rows) {
    using simdjson::dom::element_type;
    switch (value.type()) {
      case element_type::INT64:
        return Cell::of(value.get_int64().value_unsafe());
      case element_type::UINT64:  // only those that int64 lacks
        return Cell::of_real(static_cast<double>(value.get_uint64().value_unsafe()));
      case element_type::DOUBLE:
        return Cell::of_real(value.get_double().value_unsafe());
      case element_type::BOOL:
        return Cell::of(value.get_bool().value_unsafe() ? 1 : 0, seen_boolean);
      case element_type::STRING:
        return Cell::of_bytes(Cell::Kind::text, rows.arena.copy(value.get_string().value_unsafe()),
                              seen_text);
      case element_type::ARRAY:
      case element_type::OBJECT:
        return Cell::of_bytes(Cell::Kind::text, rows.arena.copy(simdjson::minify(value)), seen_json);
      case element_type::NULL_VALUE:
        break;
    }
    return {};
  }
};

DocumentRows::DocumentRows(TableTarget& target) : target_(target), parser_(std::make_unique<Parser>()) {}
DocumentRows::~DocumentRows() = default;

void DocumentRows::read(const BatchView& batch, RowSet& rows) {
  const DocumentsView documents(batch);
  const auto frame = batch.bytes();
  const char* readable_end = reinterpret_cast<const char*>(frame.data()) + frame.size();
  if (places_of_ != target_.generation()) {
    places_.clear();
    written_in_.clear();
    places_of_ = target_.generation();
  }
  for (uint32_t record = 0; record < documents.size(); ++record) {
    const auto begin = static_cast<uint32_t>(rows.cells.size());
    if (documents.is_delete(record)) {
      if (const auto key = documents.key(record))
        rows.cells.push_back(Cell::of_bytes(Cell::Kind::text, *key, seen_text));
      rows.rows.push_back({record, begin, static_cast<uint32_t>(rows.cells.size()), true});
      continue;
    }
    const size_t columns = target_.columns().size();
    ++document_;
    std::string reason = read_document(without_blanks(documents.value(record)), readable_end, rows);
    if (reason.empty()) {
      rows.rows.push_back({record, begin, static_cast<uint32_t>(rows.cells.size())});
      continue;
    }
    rows.cells.resize(begin);
    if (target_.columns().size() > columns) {
      target_.columns().truncate(columns);
      places_.clear();
      written_in_.resize(std::min(written_in_.size(), columns));
    }
    rows.refuse(record, "E_NOT_AN_OBJECT", std::move(reason));
  }
}

std::string DocumentRows::read_document(std::string_view text, const char* readable_end, RowSet& rows) {
  if (text.empty() || text.front() != '{') return "the document is no JSON object";
  // simdjson reads past the end, whatever stands there; the next values and the frame's padding will do.
  if (static_cast<size_t>(readable_end - text.data()) < text.size() + simdjson::SIMDJSON_PADDING) {
    parser_->padded = simdjson::padded_string(text);
    text = parser_->padded;
  }
  simdjson::dom::element root;
  if (auto error = parser_->dom.parse(text.data(), text.size(), false).get(root))
    return error == simdjson::NUMBER_ERROR ? read_large_numbers(text, rows) : broken(error);
  simdjson::dom::object object;
  if (auto error = root.get_object().get(object)) return broken(error);
  size_t place = 0;
  for (const simdjson::dom::key_value_pair member : object)
    if (std::string reason = add(member.key, place++, Parser::cell(member.value, rows), rows);
        !reason.empty())
      return reason;
  return {};
}

// Integers beyond 64 bits are JSON, but simdjson refuses them. They become the nearest double, as SQLite
// itself reads such a number.
std::string DocumentRows::read_large_numbers(std::string_view text, RowSet& rows) {
  Json document;
  try {
    document = Json::parse(text);
  } catch (const Error& error) {
    return "the document is not JSON: " + error.message();
  }
  size_t place = 0;
  for (const auto& [key, value] : document.as_object()) {
    Cell cell;
    if (value.is_bool())
      cell = Cell::of(value.as_bool() ? 1 : 0, seen_boolean);
    else if (value.is_integer())
      cell = Cell::of(value.as_integer());
    else if (value.is_number())
      cell = Cell::of_real(value.as_number());
    else if (value.is_string())
      cell = Cell::of_bytes(Cell::Kind::text, rows.arena.copy(value.as_string()), seen_text);
    else if (!value.is_null())
      cell = Cell::of_bytes(Cell::Kind::text, rows.arena.copy(value.dump()), seen_json);
    if (std::string reason = add(key, place++, cell, rows); !reason.empty()) return reason;
  }
  return {};
}

std::string DocumentRows::add(std::string_view key, size_t place, Cell cell, RowSet& rows) {
  if (key.find('\0') != std::string_view::npos) return "a key has a NUL character, which no column can have";
  const auto column = column_of(key, place);
  if (!column)
    return "the key \"" + std::string(key) + "\" is one column more than the " +
           std::to_string(target_.max_columns()) + " that SQLite lets a table have";
  if (written_in_.size() <= *column) written_in_.resize(size_t{*column} + 1);
  if (written_in_[*column] == document_)
    return "the key \"" + std::string(key) + "\" stands twice (SQLite does not tell upper from lower case)";
  written_in_[*column] = document_;
  cell.column = *column;
  rows.cells.push_back(cell);
  return {};
}

std::optional<uint32_t> DocumentRows::column_of(std::string_view key, size_t place) {
  if (place < places_.size() && places_[place].key == key) return places_[place].column;
  Columns& columns = target_.columns();
  auto column = columns.find(key);
  if (!column) {
    if (columns.size() >= target_.max_columns()) return std::nullopt;
    column = columns.add(std::string(key));
  }
  if (place < places_.size())
    places_[place] = {std::string(key), *column};
  else if (place == places_.size())
    places_.push_back({std::string(key), *column});
  return column;
}

}  // namespace sluice::sqlite
