#include "unit_ledger.hpp"

namespace sluice::sqlite {

void UnitLedger::create() {
  database_.execute(
      "CREATE TABLE IF NOT EXISTS _sluice_tokens (unit_key TEXT NOT NULL, table_name TEXT NOT NULL COLLATE "
      "NOCASE, token TEXT, run_id TEXT, committed_at TEXT, fence INTEGER, epoch INTEGER, PRIMARY KEY "
      "(unit_key, table_name)) WITHOUT ROWID");
  for (const std::string column : {"fence", "epoch"})
    if (database_
            .query_text("SELECT 1 FROM pragma_table_info('_sluice_tokens') WHERE name = '" + column + "'")
            .empty())
      database_.execute("ALTER TABLE _sluice_tokens ADD COLUMN " + column + " INTEGER");
}

std::optional<Json> UnitLedger::token(const std::string& unit_key) {
  Statement find(database_, "SELECT token FROM _sluice_tokens WHERE unit_key = ? AND table_name = ?");
  find.bind_text(1, unit_key);
  find.bind_text(2, table_);
  if (!find.step() || find.type(0) == SQLITE_NULL) return std::nullopt;
  return Json::parse(find.bytes(0));
}

UnitLedger::Fence UnitLedger::fence(const std::string& unit_key) {
  Statement find(database_, "SELECT fence, epoch FROM _sluice_tokens WHERE unit_key = ? AND table_name = ?");
  find.bind_text(1, unit_key);
  find.bind_text(2, table_);
  if (!find.step()) return {};
  // SQLite's integers are signed: an epoch beyond them is stored as its bits.
  return {find.integer(0), static_cast<uint64_t>(find.integer(1))};
}

void UnitLedger::set_fence(const std::string& unit_key, const Fence& fence) {
  Statement put(
      database_,
      "INSERT INTO _sluice_tokens (unit_key, table_name, fence, epoch) VALUES (?,?,?,?) ON CONFLICT "
      "(unit_key, table_name) DO UPDATE SET fence = excluded.fence, epoch = excluded.epoch");
  put.bind_text(1, unit_key);
  put.bind_text(2, table_);
  put.bind(3, fence.number);
  put.bind(4, static_cast<int64_t>(fence.epoch));
  if (const int code = put.run(); code != SQLITE_OK) database_.fail(code, "note who opened the table");
}

std::vector<UnitLedger::Owner> UnitLedger::owners() {
  std::vector<Owner> out;
  // The mark of foreign rows has no token either, and nobody opened the table for it.
  Statement all(database_,
                "SELECT unit_key, run_id FROM _sluice_tokens WHERE table_name = ? AND (token IS NOT NULL OR "
                "fence IS NULL)");
  all.bind_text(1, table_);
  while (all.step()) out.push_back({std::string(all.bytes(0)), std::string(all.bytes(1))});
  return out;
}

void UnitLedger::mark_foreign_rows() {
  Statement mark(database_, "INSERT OR IGNORE INTO _sluice_tokens (unit_key, table_name) VALUES ('', ?)");
  mark.bind_text(1, table_);
  if (const int code = mark.run(); code != SQLITE_OK) database_.fail(code, "note the owner of the table");
}

void UnitLedger::store(const std::string& unit_key, const Json& token, const std::string& run_id,
                       const std::string& committed_at) {
  const std::string text = token.dump();
  Statement put(database_,
                "INSERT INTO _sluice_tokens (unit_key, table_name, token, run_id, committed_at) VALUES "
                "(?,?,?,?,?) ON CONFLICT (unit_key, table_name) DO UPDATE SET token = excluded.token, run_id "
                "= excluded.run_id, committed_at = excluded.committed_at");
  put.bind_text(1, unit_key);
  put.bind_text(2, table_);
  put.bind_text(3, text);
  put.bind_text(4, run_id);
  put.bind_text(5, committed_at);
  if (const int code = put.run(); code != SQLITE_OK) database_.fail(code, "store the commit token");
}

}  // namespace sluice::sqlite
