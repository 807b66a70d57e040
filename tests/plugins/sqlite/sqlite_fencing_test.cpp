#include <boost/test/unit_test.hpp>
#include <limits>

#include "sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::sqlite_test;
using namespace sluice::testing;

namespace {

const std::vector<Field> number{{"n", Type::int64}};

struct Opening {
  std::string unit_key = "events/t";
  bool incremental = true;
  uint64_t epoch = 0;
  std::string unit_id = "t";
};

// Each attempt has a run id of its own.
struct FencingFixture : Fixture {
  SinkRun attempt(const Opening& opening = {}) {
    const std::string configured = config(R"("busyTimeout":"50ms")");
    sluice_sink sink{};
    internal::call([&](sluice_error* error) {
      return detail::Entry<Endpoint>::create_sink(host.abi(), sluice::abi(Endpoint::info.id),
                                                  sluice::abi(configured), &sink, error);
    });
    SinkRun run(sink, "tables");
    const std::string run_id = "run-" + std::to_string(++attempts);
    sluice_write_request request{};
    request.size = sizeof request;
    request.slice_count = 1;
    request.incremental = opening.incremental;
    request.unit_id = sluice::abi(opening.unit_id);
    request.unit_key = sluice::abi(opening.unit_key);
    request.unit = sluice::abi(R"({"unitId":"t"})");
    if (opening.incremental) request.checkpoint = sluice::abi(R"({"at":1})");
    request.format = sluice::abi("tables");
    request.durability = sluice::abi("os");
    request.run_id = sluice::abi(run_id);
    request.epoch = opening.epoch;
    internal::Emitted token;
    internal::call(
        [&](sluice_error* error) { return sink.api->open(sink.self, &request, token.abi(), error); });
    last_token = token.texts.empty() ? "" : token.texts[0];
    return run;
  }
  // The code with which the attempt is refused, or empty.
  std::string refused(const Opening& opening) {
    return error_code([&] { attempt(opening); });
  }
  Lines fences() {
    return query(
        "SELECT unit_key, table_name, fence, epoch FROM _sluice_tokens ORDER BY unit_key, table_name");
  }

  int attempts = 0;
  std::string last_token;
};

std::string write(SinkRun& run, const std::string& row) {
  return error_code([&] { run.write_rows(number, {row}); });
}
std::string commit(SinkRun& run, bool final = true) {
  return error_code([&] { run.commit(final); });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_fencing, FencingFixture)

BOOST_AUTO_TEST_CASE(only_the_last_opener_commits) {
  SinkRun zombie = attempt(), later = attempt();
  BOOST_TEST(commit(zombie) == "E_FENCED");
  BOOST_TEST(write(zombie, "[1]") == "E_FENCED");
  BOOST_TEST(write(later, "[2]") == "");
  BOOST_TEST(commit(later) == "");
  BOOST_TEST(commit(zombie) == "E_FENCED");
  BOOST_TEST(query("SELECT n FROM t") == Lines{"2"});
  BOOST_TEST(query("SELECT run_id FROM _sluice_tokens") == Lines{"run-2"});
}

BOOST_AUTO_TEST_CASE(what_a_zombie_committed_before_stays_and_no_more_comes) {
  SinkRun zombie = attempt();
  write(zombie, "[1]");
  BOOST_TEST(commit(zombie, false) == "");
  SinkRun later = attempt();
  BOOST_TEST(last_token.find("test-run") != std::string::npos);
  try {
    zombie.write_rows(number, {"[2]"});
    BOOST_ERROR("a later attempt has the table");
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_FENCED");
    BOOST_TEST((error.error_class() == ErrorClass::config));
    BOOST_TEST(error.where() == path.string());
    BOOST_TEST(error.message().find("unit \"t\"") != std::string::npos);
    BOOST_TEST(error.hint().find("sluice staging gc") != std::string::npos);
  }
  BOOST_TEST(write(later, "[3]") == "");  // the zombie has left no lock
  BOOST_TEST(commit(later, false) == "");
  BOOST_TEST(commit(zombie) == "E_FENCED");
  BOOST_TEST(write(later, "[4]") == "");
  BOOST_TEST(commit(later) == "");
  BOOST_TEST(query("SELECT n FROM t") == (Lines{"1", "3", "4"}));
}

BOOST_AUTO_TEST_CASE(a_full_run_of_a_zombie_replaces_nothing) {
  SinkRun zombie = attempt({.incremental = false}), later = attempt({.incremental = false});
  write(later, "[2]");
  BOOST_TEST(commit(later) == "");
  BOOST_TEST(write(zombie, "[1]") == "E_FENCED");
  BOOST_TEST(commit(zombie) == "E_FENCED");
  BOOST_TEST(query("SELECT n FROM t") == Lines{"2"});
}

// Either the transaction that is open ends first, or the later attempt has to come again.
BOOST_AUTO_TEST_CASE(a_zombie_inside_its_transaction_keeps_the_later_one_out) {
  SinkRun zombie = attempt();
  write(zombie, "[1]");
  try {
    attempt();
    BOOST_ERROR("the lock is held");
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_SQLITE_BUSY");
    BOOST_TEST(error.transient());
  }
  BOOST_TEST(commit(zombie, false) == "");  // who failed to open has fenced nobody
  write(zombie, "[2]");
  zombie.abort();
  SinkRun later = attempt();
  BOOST_TEST(write(zombie, "[3]") == "E_FENCED");
  BOOST_TEST(write(later, "[4]") == "");
  BOOST_TEST(commit(later) == "");
  BOOST_TEST(query("SELECT n FROM t") == (Lines{"1", "4"}));
}

BOOST_AUTO_TEST_CASE(open_waits_for_a_lock_and_leaves_none) {
  execute("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
  BOOST_TEST(refused({}) == "E_SQLITE_BUSY");
  std::chrono::milliseconds waited{0};
  for (auto wait : host.waits()) waited += wait;
  BOOST_TEST(waited.count() == 50);
  execute("ROLLBACK");
  SinkRun out = attempt();
  execute("BEGIN EXCLUSIVE; ROLLBACK");
  BOOST_TEST(fences() == Lines{"events/t|t|1|0"});
  execute("BEGIN IMMEDIATE");
  host.cancel();
  BOOST_TEST(refused({}) == "E_CANCELLED");
}

BOOST_AUTO_TEST_CASE(a_lower_epoch_is_refused_when_it_opens) {
  SinkRun holder = attempt({.epoch = 7});
  try {
    attempt({.epoch = 6});
    BOOST_ERROR("epoch 7 was there before");
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_FENCED");
    BOOST_TEST((error.error_class() == ErrorClass::config));
    BOOST_TEST(error.where() == path.string());
  }
  BOOST_TEST(fences() == Lines{"events/t|t|1|7"});
  BOOST_TEST(write(holder, "[1]") == "");  // who was refused has fenced nobody
  BOOST_TEST(commit(holder) == "");
  BOOST_TEST(refused({.epoch = 6}) == "E_FENCED");
  BOOST_TEST(refused({.epoch = 8}) == "");
  BOOST_TEST(fences() == Lines{"events/t|t|2|8"});
}

BOOST_AUTO_TEST_CASE(an_equal_epoch_opens_and_fences_the_earlier_one) {
  SinkRun zombie = attempt({.epoch = 7}), later = attempt({.epoch = 7});
  BOOST_TEST(write(zombie, "[1]") == "E_FENCED");
  BOOST_TEST(write(later, "[2]") == "");
  BOOST_TEST(commit(later) == "");
  BOOST_TEST(query("SELECT n FROM t") == Lines{"2"});
}

BOOST_AUTO_TEST_CASE(an_attempt_without_an_epoch_fences_and_keeps_the_highest) {
  SinkRun zombie = attempt({.epoch = 7}), later = attempt();
  BOOST_TEST(commit(zombie) == "E_FENCED");
  BOOST_TEST(commit(later) == "");
  BOOST_TEST(refused({.epoch = 6}) == "E_FENCED");
  BOOST_TEST(refused({.epoch = 7}) == "");
}

BOOST_AUTO_TEST_CASE(epochs_use_all_their_bits) {
  constexpr uint64_t most = std::numeric_limits<uint64_t>::max();
  BOOST_TEST(refused({.epoch = most - 1}) == "");
  BOOST_TEST(refused({.epoch = 7}) == "E_FENCED");
  BOOST_TEST(refused({.epoch = most}) == "");
  BOOST_TEST(refused({.epoch = most - 1}) == "E_FENCED");
}

BOOST_AUTO_TEST_CASE(units_and_tables_are_fenced_apart) {
  SinkRun out = attempt({.epoch = 7});
  SinkRun other_unit = attempt({.unit_key = "other/t", .epoch = 1});
  SinkRun other_table = attempt({.epoch = 1, .unit_id = "u"});
  BOOST_TEST(fences() == (Lines{"events/t|t|1|7", "events/t|u|1|1", "other/t|t|1|1"}));
  for (SinkRun* run : {&out, &other_unit, &other_table}) {
    BOOST_TEST(write(*run, "[1]") == "");
    BOOST_TEST(commit(*run) == "");
  }
  // SQLite folds the case of a table's name.
  SinkRun same_table = attempt({.epoch = 7, .unit_id = "T"});
  BOOST_TEST(commit(out) == "E_FENCED");
  BOOST_TEST(commit(other_unit) == "");
  BOOST_TEST(commit(other_table) == "");
}

BOOST_AUTO_TEST_CASE(the_table_of_an_earlier_version_is_widened) {
  execute(
      "CREATE TABLE _sluice_tokens (unit_key TEXT NOT NULL, table_name TEXT NOT NULL COLLATE NOCASE, token "
      "TEXT, run_id TEXT, committed_at TEXT, PRIMARY KEY (unit_key, table_name)) WITHOUT ROWID;"
      "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1);"
      "CREATE TABLE u (n INTEGER); INSERT INTO u VALUES (1);"
      "INSERT INTO _sluice_tokens VALUES ('events/t', 't', '{\"runId\":\"old\"}', 'old', 'then');"
      "INSERT INTO _sluice_tokens (unit_key, table_name) VALUES ('', 'u')");
  SinkRun zombie = attempt({.incremental = false});
  BOOST_TEST(last_token == R"({"runId":"old"})");
  BOOST_TEST(fences() == (Lines{"|u|NULL|NULL", "events/t|t|1|0"}));
  SinkRun later = attempt({.incremental = false, .epoch = 3});
  BOOST_TEST(fences() == (Lines{"|u|NULL|NULL", "events/t|t|2|3"}));
  BOOST_TEST(write(zombie, "[2]") == "E_FENCED");
  BOOST_TEST(write(later, "[3]") == "");  // the unit is still the owner of its rows
  BOOST_TEST(commit(later) == "");
  BOOST_TEST(query("SELECT n FROM t") == Lines{"3"});
  // ... and rows of others are still theirs.
  SinkRun foreign = attempt({.incremental = false, .unit_id = "u"});
  BOOST_TEST(write(foreign, "[4]") == "E_SQLITE_SHARED_TABLE");
}

BOOST_AUTO_TEST_CASE(who_only_opened_owns_no_rows) {
  execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)");
  for (int i = 0; i < 2; ++i) {
    SinkRun out = attempt({.incremental = false});
    BOOST_TEST(write(out, "[1]") == "E_SQLITE_SHARED_TABLE");
    BOOST_TEST(commit(out) == "E_SQLITE_SHARED_TABLE");
  }
  BOOST_TEST(query("SELECT n FROM t") == Lines{"7"});
  // Appending is allowed, and leaves the rows that were there marked as those of others.
  SinkRun appends = attempt();
  BOOST_TEST(write(appends, "[1]") == "");
  BOOST_TEST(commit(appends) == "");
  SinkRun again = attempt({.incremental = false});
  BOOST_TEST(write(again, "[2]") == "E_SQLITE_SHARED_TABLE");
  BOOST_TEST(query("SELECT n FROM t") == (Lines{"7", "1"}));
}

BOOST_AUTO_TEST_CASE(another_unit_that_only_opened_does_not_share_the_table) {
  SinkRun first = attempt({.incremental = false});
  write(first, "[1]");
  commit(first);
  SinkRun other = attempt({.unit_key = "other/t"});
  SinkRun second = attempt({.incremental = false});
  BOOST_TEST(write(second, "[2]") == "");
  BOOST_TEST(commit(second) == "");
  BOOST_TEST(query("SELECT n FROM t") == Lines{"2"});
}

BOOST_AUTO_TEST_CASE(check_fences_nobody) {
  SinkRun out = attempt();
  sink().check();
  BOOST_TEST(fences() == Lines{"events/t|t|1|0"});
  BOOST_TEST(write(out, "[1]") == "");
  BOOST_TEST(commit(out) == "");
}

BOOST_AUTO_TEST_SUITE_END()
