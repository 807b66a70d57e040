#include "csv_layout.hpp"

#include <simdjson.h>

#include <algorithm>
#include <set>

#include "csv_value.hpp"

namespace sluice::file {

namespace {

constexpr uint64_t sample_rows = 1000;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr size_t largest_in_checkpoint = 48 * 1024;

Error columns_error(const std::string& message, const std::string& path) {
  return Error(ErrorClass::config, "E_CSV_COLUMNS", path + ": " + message, path,
               "correct columns, delimiter or header in the endpoint's configuration");
}

std::string number_name(size_t index) {
  return "column_" + std::to_string(index + 1);
}

}  // namespace

std::vector<Field> CsvLayout::fields() const {
  std::vector<Field> out;
  for (const CsvColumn& column : columns) out.push_back(column.field);
  return out;
}

Json CsvLayout::to_json() const {
  size_t size = 0;
  Json list = Json::array();
  for (const CsvColumn& column : columns) {
    size += column.field.name.size() + 48;
    Json entry = Json::object({{"name", column.field.name}, {"type", to_string(column.field.type)}});
    if (column.guessed) entry.set("guessed", true);
    list.push_back(std::move(entry));
  }
  if (size > largest_in_checkpoint) return nullptr;
  return Json::object({{"columns", std::move(list)}, {"sampledRows", sampled_rows}});
}

CsvLayout CsvLayout::from_json(const Json& json) {
  CsvLayout out;
  for (const Json& entry : json.at("columns").as_array()) {
    const auto type = type_from(entry.at("type").as_string());
    if (!type)
      throw Error(ErrorClass::config, "E_CHECKPOINT", "the checkpoint has a column of unknown type",
                  "checkpoint");
    out.columns.push_back({{entry.at("name").as_string(), *type, true}, entry.boolean("guessed", false)});
  }
  out.sampled_rows = static_cast<uint64_t>(std::max<int64_t>(0, json.integer("sampledRows", 0)));
  return out;
}

std::vector<std::string> usable_names(const std::vector<CsvField>& header) {
  std::vector<std::string> out;
  std::set<std::string> taken;
  for (const CsvField& field : header) taken.insert(std::string(field.text));
  std::set<std::string> used;
  for (size_t i = 0; i < header.size(); ++i) {
    const bool made_up = header[i].text.empty();
    const std::string wanted = made_up ? number_name(i) : std::string(header[i].text);
    std::string name = wanted;
    for (int n = 2; used.count(name) || ((made_up || n > 2) && taken.count(name)); ++n)
      name = wanted + "_" + std::to_string(n);
    used.insert(name);
    out.push_back(std::move(name));
  }
  return out;
}

CsvLayout csv_layout(const CsvConfig& config, std::string_view sample, bool whole, const std::string& path) {
  CsvLayout out;
  CsvParser parser(config.dialect);
  if (sample.substr(0, byte_order_mark.size()) == byte_order_mark) out.content_begin = byte_order_mark.size();
  size_t at = out.content_begin;
  std::vector<std::string> names;
  // Blank lines before the header or the first row are passed over.
  CsvParser::Outcome outcome = parser.parse(sample.substr(at), whole);
  while (outcome == CsvParser::Outcome::blank && config.dialect.header) {
    at += parser.size();
    out.content_lines += parser.newlines();
    outcome = parser.parse(sample.substr(at), whole);
  }
  if (config.dialect.header) {
    if (outcome == CsvParser::Outcome::row) {
      for (const CsvField& field : parser.fields())
        if (!simdjson::validate_utf8(field.text.data(), field.text.size()))
          throw columns_error("a name in the header is not valid UTF-8", path);
      names = usable_names(parser.fields());
      at += parser.size();
      out.content_lines += parser.newlines();
      out.content_begin = at;
    } else if (!(whole && at == sample.size())) {
      throw columns_error("the first row is no header: a quote does not close, or it is too long", path);
    }
  } else if (!config.declared.empty()) {
    for (const Field& field : config.declared) names.push_back(field.name);
  } else if (outcome == CsvParser::Outcome::row) {
    for (size_t i = 0; i < parser.fields().size(); ++i) names.push_back(number_name(i));
  }
  if (names.size() > SLUICE_FRAME_MAX_COLUMNS) throw columns_error("it has too many columns", path);

  for (const std::string& name : names) out.columns.push_back({{name, Type::utf8, true}, true});
  for (const Field& field : config.declared) {
    const auto same = [&](const CsvColumn& column) { return column.field.name == field.name; };
    auto column = std::find_if(out.columns.begin(), out.columns.end(), same);
    if (column == out.columns.end()) {
      if (names.empty()) continue;  // an empty file
      throw columns_error("the header has no column \"" + field.name + "\"", path);
    }
    *column = {field, false};
  }

  std::vector<TypeGuess> guesses(out.columns.size());
  while (out.sampled_rows < sample_rows && at < sample.size()) {
    outcome = parser.parse(sample.substr(at), whole);
    if (outcome != CsvParser::Outcome::row && outcome != CsvParser::Outcome::blank) break;
    at += parser.size();
    if (outcome == CsvParser::Outcome::blank || parser.fields().size() != guesses.size()) continue;
    for (size_t i = 0; i < guesses.size(); ++i)
      if (!config.is_null(parser.fields()[i], Type::int64)) guesses[i].add(parser.fields()[i].text);
    ++out.sampled_rows;
  }
  for (size_t i = 0; i < guesses.size(); ++i)
    if (out.columns[i].guessed) out.columns[i].field.type = guesses[i].type();
  return out;
}

}  // namespace sluice::file
