#include "catalog.hpp"

#include "column_types.hpp"

namespace sluice::sqlite {

namespace {

constexpr std::string_view user_tables =
    "FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE "
    "'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_sluice\\_%' ESCAPE '\\'";

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sqlite3_strnicmp(a.data(), b.data(), static_cast<int>(a.size())) == 0;
}

}  // namespace

const SourceColumn* SourceTable::column(std::string_view name_of) const {
  for (const SourceColumn& candidate : columns)
    if (same_name(candidate.name, name_of)) return &candidate;
  return nullptr;
}

std::vector<std::string> table_names(Database& database) {
  std::vector<std::string> names;
  Statement list(database, "SELECT name " + std::string(user_tables) + " ORDER BY name");
  while (list.step()) names.emplace_back(list.bytes(0));
  return names;
}

std::optional<SourceTable> find_table(Database& database, std::string_view name) {
  SourceTable table;
  Statement find(database, "SELECT name, type, wr " + std::string(user_tables) + " AND name = ?");
  find.bind_text(1, name);
  if (!find.step()) return std::nullopt;
  table.name = find.bytes(0);
  table.is_view = find.bytes(1) != "table";
  const bool without_rowid = find.integer(2) != 0;
  find.reset();

  Statement info(database, "PRAGMA table_xinfo(" + quoted(table.name) + ")");
  while (info.step()) {
    if (info.integer(6) == 1) continue;  // hidden in a virtual table
    const std::optional<Type> type = type_of_declared(info.bytes(2));
    const bool not_null = info.integer(3) != 0;
    table.columns.push_back({std::string(info.bytes(1)), type.value_or(Type::json), !type, !not_null});
  }
  if (!table.is_view && !without_rowid)
    for (const std::string_view alias : {"rowid", "_rowid_", "oid"})
      if (table.rowid.empty() && !table.column(alias)) table.rowid = alias;
  return table;
}

}  // namespace sluice::sqlite
