// The table _sluice_tokens: which unit wrote into which table, and how far, stored with the rows themselves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sluice/json.hpp>

#include "database.hpp"

namespace sluice::sqlite {

// One row a unit and table. Works inside the caller's transaction. A unit that has opened the table and
// committed nothing yet has a row without a token: it owns no rows.
class UnitLedger {
 public:
  struct Owner {
    std::string unit_key;
    std::string run_id;  // of its last commit
  };
  // Which opener of the unit may commit. All zero: none has opened the table.
  struct Fence {
    int64_t number = 0;  // counts the openers; only the last may commit
    uint64_t epoch = 0;  // the highest that a caller gave
  };

  UnitLedger(Database& database, std::string table) : database_(database), table_(std::move(table)) {}

  // Also widens what an earlier version has made.
  void create();
  std::optional<Json> token(const std::string& unit_key);
  Fence fence(const std::string& unit_key);
  void set_fence(const std::string& unit_key, const Fence& fence);
  std::vector<Owner> owners();
  // The table has rows that no unit wrote: it counts as one more owner, without a name.
  void mark_foreign_rows();
  void store(const std::string& unit_key, const Json& token, const std::string& run_id,
             const std::string& committed_at);

 private:
  Database& database_;
  const std::string table_;
};

}  // namespace sluice::sqlite
