// The table _sluice_tokens: which unit wrote into which table, and how far, stored with the rows themselves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sluice/json.hpp>

#include "database.hpp"

namespace sluice::sqlite {

// One row a unit and table. Works inside the caller's transaction, except token().
class UnitLedger {
 public:
  struct Owner {
    std::string unit_key;
    std::string run_id;  // of its last commit
  };

  UnitLedger(Database& database, std::string table) : database_(database), table_(std::move(table)) {}

  std::optional<Json> token(const std::string& unit_key);
  void create();
  std::vector<Owner> owners();
  // The table has rows that no unit wrote: it counts as one more owner, without a name.
  void mark_foreign_rows();
  void store(const std::string& unit_key, const Json& token, const std::string& run_id,
             const std::string& committed_at);

 private:
  bool exists();

  Database& database_;
  const std::string table_;
};

}  // namespace sluice::sqlite
