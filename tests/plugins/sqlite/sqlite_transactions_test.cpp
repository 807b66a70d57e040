#include <boost/test/unit_test.hpp>
#include <fstream>

#include "sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::sqlite_test;
using namespace sluice::testing;

namespace {

const std::vector<Field> number{{"n", Type::int64}};

WriteOptions incremental(const std::string& key = "events/t") {
  return {.unit_id = "t", .unit_key = key, .checkpoint = R"({"at":1})", .incremental = true};
}
WriteOptions from_the_beginning(const std::string& key = "events/t") {
  return {.unit_id = "t", .unit_key = key, .incremental = true};
}
// SQLite reports the end of its own page limit and the end of the disk alike.
struct SmallDisk {
  static int limit(sqlite3* database, const char**, const void*) {
    return sqlite3_exec(database, "PRAGMA max_page_count = 50", nullptr, nullptr, nullptr);
  }
  static void (*entry())() { return reinterpret_cast<void (*)()>(&limit); }
  SmallDisk() { sqlite3_auto_extension(entry()); }
  ~SmallDisk() { sqlite3_cancel_auto_extension(entry()); }
};

WriteOptions full(const std::string& key = "events/t") {
  return {.unit_id = "t", .unit_key = key};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_transactions, Fixture)

BOOST_AUTO_TEST_CASE(what_was_not_committed_is_not_there) {
  {
    SinkRun out = sink();
    out.open(incremental());
    out.write_rows(number, {"[1]"});
    out.commit(false);
    out.write_rows({{"n", Type::int64}, {"wide", Type::utf8}}, {R"([2,"x"])"});
  }
  BOOST_TEST(query("SELECT * FROM t") == Lines{"1"});
}

BOOST_AUTO_TEST_CASE(abort_takes_back_to_the_last_commit_and_writing_can_go_on) {
  SinkRun out = sink();
  out.open(incremental());
  out.write_rows(number, {"[1]"});
  out.commit(false);
  out.write_rows(number, {"[2]"});
  out.abort();
  out.write_rows(number, {"[3]"});
  out.commit();
  BOOST_TEST(query("SELECT n FROM t") == (Lines{"1", "3"}));
}

BOOST_AUTO_TEST_CASE(the_token_lies_with_the_rows) {
  {
    SinkRun out = sink();
    BOOST_TEST(!out.open(incremental()));
    out.write_rows(number, {"[1]"});
    BOOST_TEST(
        (out.commit(false, R"({"runId":"r","slices":[{"slice":0,"sequence":0}]})") == Reached::durable));
    out.write_rows(number, {"[2]"});
  }
  SinkRun again = sink();
  const std::optional<Json> token = again.open(incremental());
  BOOST_REQUIRE(token.has_value());
  BOOST_TEST(token->dump() == R"({"runId":"r","slices":[{"slice":0,"sequence":0}]})");
  BOOST_TEST(query("SELECT unit_key, table_name, committed_at FROM _sluice_tokens") ==
             Lines{"events/t|t|2026-01-01T00:00:00Z"});
  SinkRun other = sink();
  BOOST_TEST(!other.open(incremental("other/unit")));
}

BOOST_AUTO_TEST_CASE(a_full_run_shows_itself_at_the_final_commit) {
  execute("PRAGMA journal_mode = WAL");
  SinkRun first = sink();
  first.open(full());
  first.write_rows(number, {"[1]", "[2]"});
  first.commit();

  SinkRun second = sink();
  WriteOptions options = full();
  second.open(options);
  execute("UPDATE _sluice_tokens SET run_id = 'earlier'");
  second.write_rows({{"n", Type::int64}, {"m", Type::int64}}, {"[3,4]"});
  BOOST_TEST((second.commit(false) == Reached::deferred));
  BOOST_TEST(query("SELECT * FROM t") == (Lines{"1", "2"}));
  BOOST_TEST((second.commit(true) == Reached::durable));
  BOOST_TEST(query("SELECT * FROM t") == Lines{"3|4"});
}

BOOST_AUTO_TEST_CASE(a_full_run_that_finds_nothing_leaves_nothing) {
  SinkRun first = sink();
  first.open(full());
  first.write_rows(number, {"[1]"});
  first.commit();
  execute("UPDATE _sluice_tokens SET run_id = 'earlier'");
  SinkRun second = sink();
  second.open(full());
  second.commit();
  BOOST_TEST(query("SELECT count(*) FROM t") == Lines{"0"});
}

BOOST_AUTO_TEST_CASE(a_full_run_that_breaks_off_leaves_the_old_rows) {
  SinkRun first = sink();
  first.open(full());
  first.write_rows(number, {"[1]"});
  first.commit();
  execute("UPDATE _sluice_tokens SET run_id = 'earlier'");
  {
    SinkRun second = sink();
    second.open(full());
    second.write_rows(number, {"[2]"});
    second.commit(false);
  }
  BOOST_TEST(query("SELECT n FROM t") == Lines{"1"});
}

BOOST_AUTO_TEST_CASE(rows_of_others_are_never_replaced) {
  execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)");
  SinkRun out = sink();
  out.open(full());
  BOOST_TEST(error_code([&] { out.write_rows(number, {"[1]"}); }) == "E_SQLITE_SHARED_TABLE");
  BOOST_TEST(query("SELECT n FROM t") == Lines{"7"});
  SinkRun keyed = sink(R"("key":["n"])");
  keyed.open(full());
  keyed.write_rows(number, {"[1]"});
  keyed.commit();
  BOOST_TEST(query("SELECT n FROM t ORDER BY n") == (Lines{"1", "7"}));
}

BOOST_AUTO_TEST_CASE(reading_from_the_beginning_again_does_not_double_the_rows) {
  SinkRun first = sink();
  first.open(from_the_beginning());
  first.write_rows(number, {"[1]", "[2]"});
  first.commit();
  execute("UPDATE _sluice_tokens SET run_id = 'earlier'");
  SinkRun second = sink();
  second.open(from_the_beginning());
  second.write_rows(number, {"[1]", "[2]", "[3]"});
  second.commit();
  BOOST_TEST(query("SELECT n FROM t") == (Lines{"1", "2", "3"}));
}

BOOST_AUTO_TEST_CASE(a_run_that_goes_on_after_a_break_keeps_what_it_committed) {
  {
    SinkRun out = sink();
    out.open(from_the_beginning());
    out.write_rows(number, {"[1]"});
    out.commit(false);
  }
  SinkRun resumed = sink();
  WriteOptions goes_on = from_the_beginning();
  goes_on.checkpoint = "{}";
  BOOST_TEST(resumed.open(goes_on).has_value());
  resumed.write_rows(number, {"[2]"});
  resumed.commit();
  BOOST_TEST(query("SELECT n FROM t") == (Lines{"1", "2"}));
}

BOOST_AUTO_TEST_CASE(a_run_that_begins_anew_under_the_same_run_id_doubles_nothing) {
  for (const bool incremental : {false, true, false}) {
    SinkRun out = sink();
    WriteOptions options = from_the_beginning();
    options.incremental = incremental;
    out.open(options);
    out.write_rows(number, {"[1]", "[2]"});
    out.commit();
    BOOST_TEST(query("SELECT n FROM t") == (Lines{"1", "2"}));
  }
}

BOOST_AUTO_TEST_CASE(a_shared_table_is_appended_to_with_a_warning) {
  for (const char* key : {"a", "b"}) {
    SinkRun out = sink();
    out.open(from_the_beginning(key));
    out.write_rows(number, {"[1]"});
    out.commit();
  }
  BOOST_TEST(!host.logged("shared"));
  execute("UPDATE _sluice_tokens SET run_id = 'earlier'");
  SinkRun again = sink();
  again.open(from_the_beginning("a"));
  again.write_rows(number, {"[1]"});
  again.commit();
  BOOST_TEST(query("SELECT count(*) FROM t") == Lines{"3"});
  BOOST_TEST(host.logged("shared"));
}

BOOST_AUTO_TEST_CASE(a_lock_held_by_another_is_transient_and_nothing_is_applied) {
  SinkRun out = sink(R"("busyTimeout":"50ms")");
  out.open(incremental());
  execute("BEGIN IMMEDIATE");
  BOOST_TEST(error_code([&] { out.write_rows(number, {"[1]"}); }) == "E_SQLITE_BUSY");
  try {
    out.write_rows(number, {"[1]"});
    BOOST_ERROR("the lock is held");
  } catch (const Error& error) {
    BOOST_TEST(error.transient());
    BOOST_TEST(error.where() == path.string());
  }
  std::chrono::milliseconds waited{0};
  for (auto wait : host.waits()) waited += wait;
  BOOST_TEST(waited.count() == 100);
  execute("ROLLBACK");
  BOOST_TEST(out.write_rows(number, {"[1]"}).written == 1u);
  out.commit();
  BOOST_TEST(query("SELECT n FROM t") == Lines{"1"});
}

BOOST_AUTO_TEST_CASE(cancellation_ends_the_wait_for_a_lock) {
  SinkRun out = sink(R"("busyTimeout":"10m")");
  out.open(incremental());
  execute("BEGIN IMMEDIATE");
  host.cancel();
  BOOST_TEST(error_code([&] { out.write_rows(number, {"[1]"}); }) == "E_CANCELLED");
  BOOST_TEST(host.waits().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_batch_that_fails_leaves_no_trace_in_its_transaction) {
  SinkRun out = sink();
  out.open(incremental());
  out.write_rows(number, {"[1]"});
  out.set_max_rejected(0);
  BOOST_TEST(error_code([&] {
               out.write_rows({{"n", Type::int64}, {"d", Type::date32}}, {"[2,0]", "[3,9999999]"});
             }) == "E_TOO_MANY_REJECTED");
  out.write_rows(number, {"[4]"});
  out.commit();
  BOOST_TEST(query("SELECT * FROM t") == (Lines{"1", "4"}));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_said_to_be_one_and_can_be_tried_again) {
  const SmallDisk disk;
  SinkRun out = sink();
  out.open(incremental());
  const std::vector<Field> text{{"s", Type::utf8}};
  out.write_rows(text, {R"(["kept"])"});
  out.commit(false);
  const std::string large = "[\"" + std::string(1'000'000, 'x') + "\"]";
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      out.write_rows(text, {R"(["gone"])", large});
      BOOST_ERROR("a megabyte does not fit");
    } catch (const Error& error) {
      BOOST_TEST(error.code() == "E_DISK_FULL");
      BOOST_TEST(error.transient());
      BOOST_TEST(error.where() == path.string());
    }
  }
  out.write_rows(text, {R"(["small"])"});
  out.commit();
  BOOST_TEST(query("SELECT s FROM t") == (Lines{"kept", "small"}));
}

BOOST_AUTO_TEST_CASE(what_is_no_database_is_refused) {
  { std::ofstream(path) << std::string(5000, 'x'); }
  SinkRun out = sink();
  BOOST_TEST(error_code([&] { out.open(); }) == "E_SQLITE_NOT_A_DATABASE");
  BOOST_TEST(error_code([&] { sink().check(); }) == "E_SQLITE_NOT_A_DATABASE");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_missing_is_named) {
  path = folder / "no" / "lake.db";
  SinkRun out = sink();
  try {
    out.open();
    BOOST_ERROR("there is no such folder");
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_FILE_OPEN");
    BOOST_TEST((error.error_class() == ErrorClass::system));
    BOOST_TEST(error.where() == path.string());
  }
  BOOST_TEST(error_code([&] { sink().check(); }) == "E_FILE_OPEN");
}

BOOST_AUTO_TEST_CASE(check_makes_no_file) {
  sink().check();
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(a_password_is_refused_by_a_library_that_cannot_encrypt) {
  SinkRun out = sink(R"("password":"secret")");
  try {
    out.open();
    BOOST_ERROR("plain SQLite cannot encrypt");
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_CONFIG");
    BOOST_TEST(error.message().find("secret") == std::string::npos);
  }
  SinkRun empty = sink(R"("password":"")");
  BOOST_TEST(error_code([&] { empty.open(); }) == "");
}

BOOST_AUTO_TEST_CASE(durability_decides_how_far_a_commit_is_synced) {
  SinkRun out = sink();
  WriteOptions options = incremental();
  options.to_disk = true;
  out.open(options);
  out.write_rows(number, {"[1]"});
  BOOST_TEST((out.commit() == Reached::durable));
  BOOST_TEST(query("PRAGMA journal_mode") == Lines{"wal"});
}

BOOST_AUTO_TEST_SUITE_END()
