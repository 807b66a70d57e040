// CSV to SQLite, beside the import of sqlite3 itself.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/cli/bench/child_program.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
using host::Result;

// Rows, the sum of their ids, and the length of all texts, as the database has them.
Result<std::string> contents_of(const std::string& database, const std::string& answer) {
  const auto asked =
      run_program({"sqlite3", "-batch", database,
                   "SELECT count(*), sum(id), sum(length(text)), count(DISTINCT day) FROM input"},
                  {.input = {}, .output = answer});
  if (!asked) return asked.error();
  std::ifstream in(answer);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<Lap> checked(const Setting& setting, const std::string& database, const Result<Lap>& lap,
                    const std::shared_ptr<std::string>& expected) {
  if (!lap) return lap;
  Result<std::string> found = contents_of(database, setting.folder() + "/answer");
  if (!found) return found.error();
  for (const char* end : {"", "-wal", "-shm", "-journal"}) fs::remove(database + end);
  if (expected->empty()) *expected = *found;
  if (*found != *expected)
    return Error(ErrorClass::damaged, "E_BENCH", "the table has " + *found + "in place of " + *expected);
  return lap;
}

}  // namespace

Workload csv_to_sqlite(const Setting& setting) {
  const InputFile input = required(
      write_csv(setting.folder() + "/input.csv", std::max<uint64_t>(setting.bytes / 16, 1 << 20), 7));
  const std::string database = setting.folder() + "/table.db";
  const double amount = static_cast<double>(input.records) / 1e6;
  const auto expected = std::make_shared<std::string>();
  Workload work{
      .name = "csv-to-sqlite",
      .title = "CSV to SQLite: rows of six columns into a new table",
      .unit = "million rows/s",
      .ways = {},
      .meaning = "sqlite3 imports every column as text; Sluice finds the columns' types and keeps them."};
  work.ways.push_back({"sqlite3",
                       "sqlite3 .import",
                       Role::peer,
                       amount,
                       {},
                       [=] {
                         const auto lap = run_program({"sqlite3", "-batch", database, "-cmd", ".mode csv",
                                                       ".import " + input.path + " input"});
                         return checked(setting, database, lap, expected);
                       },
                       "one transaction, as it comes"});
  if (!has_program("sqlite3")) work.ways.back().absent = "not installed";
  HostRun run;
  run.source = "file.csv";
  run.sink = "sqlite";
  run.source_config = {{"path", input.path}};
  run.sink_config = {{"path", database}, {"table", "input"}};
  run.unit = fs::path(input.path).filename();
  for (const char* staging : {"memory", "mmap"}) {
    run.staging = staging;
    work.ways.push_back({staging,
                         std::string("file.csv to sqlite, ") + staging,
                         Role::product,
                         amount,
                         {"sqlite3"},
                         [=, clock = setting.product.clock] {
                           return checked(setting, database, clock->time(run, input.records), expected);
                         }});
  }
  return work;
}

}  // namespace sluice::bench
