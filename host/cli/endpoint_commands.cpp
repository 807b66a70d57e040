// check, units and preview: one endpoint, no data moved.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/quantities.hpp"
#include "host/cli/table.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

constexpr std::size_t shown_columns = 6;

// `name:type, …` of a table's schema, the first few columns.
std::string schema_text(const json::value& schema) {
  const json::array* columns = schema.if_array();
  if (const json::object* object = schema.if_object()) {
    for (const char* key : {"columns", "fields"})
      if (at(*object, key).is_array()) columns = &array_at(*object, key);
  }
  if (!columns) return brief(schema);
  std::string out;
  for (std::size_t i = 0; i < columns->size() && i < shown_columns; ++i) {
    const json::object* column = (*columns)[i].if_object();
    if (!out.empty()) out += ", ";
    out += column ? text_at(*column, "name") + ":" + brief(at(*column, "type")) : brief((*columns)[i]);
  }
  if (columns->size() > shown_columns)
    out += ", and " + std::to_string(columns->size() - shown_columns) + " more";
  return out;
}

std::string units_view(const json::object& answer, bool color) {
  Table table({"UNIT", "SIZE", "CONTENT TYPE", "SCHEMA", "TITLE"});
  table.align_right(1);
  for (const json::value& item : array_at(answer, "units")) {
    const json::object* unit = item.if_object();
    if (!unit) continue;
    const bool sized = at(*unit, "bytes").is_number();
    table.add({text_at(*unit, "unitId"), sized ? human_bytes(count_at(*unit, "bytes")) : "",
               text_at(*unit, "contentType"), schema_text(at(*unit, "schema")), text_at(*unit, "title")});
  }
  return table.empty() ? "no units\n" : table.text(color);
}

// Rows that are objects with the same first keys make a table; anything else is a line of JSON each.
std::string records_view(const json::array& records, bool as_table, bool color) {
  const json::object* first = as_table && !records.empty() ? records.front().if_object() : nullptr;
  if (!first) {
    std::string out;
    for (const json::value& record : records)
      out += (record.is_string() ? printable(brief(record)) : printable(json::serialize(record))) + "\n";
    return out;
  }
  std::vector<std::string> names;
  for (const auto& member : *first) names.push_back(printable(member.key()));
  Table table(std::move(names));
  for (const json::value& record : records) {
    std::vector<std::string> row;
    for (const auto& member : *first)
      row.push_back(brief(at(record.is_object() ? record.as_object() : *first, member.key())));
    table.add(std::move(row));
  }
  return table.text(color);
}

}  // namespace

int check_command(Session& session, const std::string& endpoint) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.check(endpoint), [](const json::object& answer) {
      return printable(text_at(answer, "endpoint")) + " (" + printable(text_at(answer, "template")) + ", " +
             printable(brief(at(answer, "role"))) +
             ") is reachable: " + human_duration(std::chrono::milliseconds(count_at(answer, "durationMs"))) +
             "\n";
    });
  });
}

int units_command(Session& session, const std::string& endpoint) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.units(endpoint), [&](const json::object& answer) {
      return units_view(answer, session.console.terminal().out_color);
    });
  });
}

int preview_command(Session& session, const std::string& endpoint, const std::string& unit,
                    uint32_t records) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.preview(endpoint, unit, records), [&](const json::object& answer) {
      if (const uint64_t rejected = count_at(answer, "rejected"); rejected > 0)
        session.console.show_warning(json::object{
            {"message",
             grouped(rejected) + (rejected == 1 ? " record is rejected" : " records are rejected")},
            {"where", text_at(answer, "firstRejected")}});
      return records_view(array_at(answer, "records"), text_at(answer, "format").starts_with("table"),
                          session.console.terminal().out_color);
    });
  });
}

}  // namespace sluice::host::cli
