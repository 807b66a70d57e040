// staging list, check, repair, cat and gc, on sessions that exports left or are still writing.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "house.hpp"

namespace sluice::test {
namespace {

constexpr std::string_view configuration = R"(version: 1
staging: { mmap: { dir: ./staging, minFree: 0 } }
endpoints:
  events:  { template: file.ndjson, config: { path: ./events/*.ndjson } }
  copy:    { template: file.ndjson, config: { path: ./out/ } }
  lake:    { template: sqlite, config: { path: ./lake.db } }
  numbers: { template: generator, config: { count: 1000, recordBytes: 100 } }
  slow:    { template: generator, config: { count: 60000, recordBytes: 100, rate: 1000 } }
)";

class Staged : public House {
 public:
  Staged() { write("sluice.yaml", configuration); }

  // A session of ten batches with 100 rows each.
  void export_numbers(const std::string& id) {
    write("request.json", R"({"endpointId":"numbers","unitId":"records","stageRef":"mmap:)" + id +
                              R"(","policy":{"batch":{"maxRecords":100}}})");
    const Outcome done = sluice({"export", "request.json"});
    BOOST_TEST_REQUIRE(done.exit_code == 0, done.err);
  }
  void export_events(const std::string& id) {
    const Outcome done =
        sluice({"export", "--endpoint", "events", "--unit", "a.ndjson", "--stage", "mmap:" + id});
    BOOST_TEST_REQUIRE(done.exit_code == 0, done.err);
  }
  // Turns bits in the middle of what is staged.
  void damage(const std::string& file, std::streamoff offset) {
    std::fstream at(folder() / "staging" / file, std::ios::in | std::ios::out | std::ios::binary);
    BOOST_TEST_REQUIRE(at.good());
    at.seekg(offset);
    const char byte = static_cast<char>(at.get() ^ 0x55);
    at.seekp(offset);
    at.put(byte);
  }
  boost::json::object session(const std::string& id) {
    const auto answer = only_object(sluice({"staging", "list", "--json"}));
    for (const auto& item : answer.at("sessions").as_array())
      if (member(item.as_object(), "stageId") == id) return item.as_object();
    return {};
  }
  // An export that has staged something and goes on.
  void await_records(const std::string& id) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      const std::string records = member(session(id), "pendingRecords");
      if (records != "0" && records != "(missing)") return;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    BOOST_FAIL("nothing is staged in " + id);
  }
};

auto lines_of(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

BOOST_FIXTURE_TEST_SUITE(staging, Staged)

BOOST_AUTO_TEST_CASE(an_empty_folder_is_said_to_be_so) {
  const Outcome text = sluice({"staging", "list"});
  BOOST_TEST(text.exit_code == 0, text.err);
  BOOST_TEST(holds(text.out, "no sessions in "), text.out);
  BOOST_TEST(!has("staging"));
  BOOST_TEST(sluice({"staging", "check"}).exit_code == 0);
  BOOST_TEST(sluice({"staging", "gc"}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(list_shows_what_waits_for_its_import) {
  export_events("nightly");
  const auto one = session("nightly");
  BOOST_TEST(member(one, "stageRef") == "mmap:nightly");
  BOOST_TEST(member(one, "pendingRecords") == "3");
  BOOST_TEST(member(one, "sealed") == "true");
  BOOST_TEST(member(one, "live") == "false");
  BOOST_TEST(member(one, "damaged") == "false");
  BOOST_TEST(member(one, "error") == "null");
  const Outcome text = sluice({"staging", "list"});
  BOOST_TEST(text.exit_code == 0);
  BOOST_TEST(text.out.starts_with("STAGEREF"), text.out);
  BOOST_TEST(holds(text.out, "\nmmap:nightly  events/a.ndjson"), text.out);
  BOOST_TEST(text.err == "");
}

BOOST_AUTO_TEST_CASE(cat_prints_the_records_as_they_came) {
  export_events("nightly");
  const Outcome documents = sluice({"staging", "cat", "mmap:nightly"});
  BOOST_TEST(documents.exit_code == 0, documents.err);
  BOOST_TEST(documents.out == read("events/a.ndjson"));
  BOOST_TEST(documents.err == "");
  write("events/cut.ndjson", "{\"id\":1}\n{\"id\":2}");
  BOOST_TEST(
      sluice({"export", "--endpoint", "events", "--unit", "cut.ndjson", "--stage", "mmap:cut"}).exit_code ==
      0);
  BOOST_TEST(sluice({"staging", "cat", "cut"}).out == "{\"id\":1}\n{\"id\":2}\n");
  export_numbers("numbers");
  const Outcome rows = sluice({"staging", "cat", "numbers", "--stream", "0"});
  BOOST_TEST(rows.exit_code == 0);
  BOOST_TEST(lines_of(rows.out) == 1000);
  BOOST_TEST(rows.out.starts_with("{\"id\":"), rows.out.substr(0, 200));
  BOOST_TEST(sluice({"staging", "cat", "numbers", "--stream", "1"}).exit_code == 2);
  const Outcome json = sluice({"staging", "cat", "numbers", "--json"});
  BOOST_TEST(json.exit_code == 2);
  BOOST_TEST(member(only_object(json), "error.code") == "E_USAGE");
}

BOOST_AUTO_TEST_CASE(damage_is_found_named_and_left_out) {
  export_numbers("numbers");
  BOOST_TEST(sluice({"staging", "check", "numbers"}).exit_code == 0);
  damage("numbers/0-0.segment", 30'000);
  const Outcome json = sluice({"staging", "check", "numbers", "--json"});
  BOOST_TEST(json.exit_code == 7);
  const auto answer = only_object(json);
  BOOST_TEST(member(answer, "damaged") == "true");
  BOOST_TEST(member(answer, "sessions.0.streams.0.lostBatches") == "1");
  BOOST_TEST(member(answer, "sessions.0.streams.0.batches") == "9");
  BOOST_TEST(member(answer, "sessions.0.streams.0.ranges.0.file") == "0-0.segment");
  const Outcome all = sluice({"staging", "check"});
  BOOST_TEST(all.exit_code == 7);
  BOOST_TEST(holds(all.out, "mmap:numbers: damaged\n"), all.out);
  BOOST_TEST(holds(all.out, "of 0-0.segment\n"), all.out);
  const Outcome cat = sluice({"staging", "cat", "mmap:numbers"});
  BOOST_TEST(cat.exit_code == 7);
  BOOST_TEST(lines_of(cat.out) == 900);
  BOOST_TEST(holds(cat.err, "warning: stream 0: 1 batch is damaged and left out\n"), cat.err);
}

BOOST_AUTO_TEST_CASE(repair_tells_what_it_did_and_does_it_once) {
  export_numbers("numbers");
  damage("numbers/manifest", 10);
  BOOST_TEST(sluice({"staging", "check"}).exit_code == 7);
  const Outcome text = sluice({"staging", "repair", "mmap:numbers"});
  BOOST_TEST(text.exit_code == 0, text.err);
  BOOST_TEST(holds(text.out, "manifest was damaged: both are written anew\n"), text.out);
  BOOST_TEST(holds(text.out, "numbers.backup-1"), text.out);
  BOOST_TEST(has("staging/.damaged/numbers.backup-1/manifest"));
  BOOST_TEST(sluice({"staging", "check"}).exit_code == 0);
  BOOST_TEST(sluice({"staging", "repair", "numbers"}).out == "there was nothing to repair\n");
  const Outcome import = sluice({"import", "--stage", "mmap:numbers", "--sink", "lake"});
  BOOST_TEST(import.exit_code == 0, import.err);

  export_numbers("lossy");
  damage("lossy/0-0.segment", 30'000);
  const auto answer = only_object(sluice({"staging", "repair", "lossy", "--json"}));
  BOOST_TEST(member(answer, "lostBatches") == "1");
  BOOST_TEST(has("staging/.damaged/lossy.0.2.bytes"));
  BOOST_TEST(sluice({"staging", "repair", "lossy"}).exit_code == 7);
}

BOOST_AUTO_TEST_CASE(gc_keeps_what_is_pending_until_it_is_named) {
  export_events("nightly");
  const Outcome kept = sluice({"staging", "gc"});
  BOOST_TEST(kept.exit_code == 0);
  BOOST_TEST(holds(kept.out, "kept nightly, "), kept.out);
  BOOST_TEST(holds(kept.out, "not committed"), kept.out);
  BOOST_TEST(sluice({"staging", "gc", "--older-than", "1d"}).exit_code == 0);
  BOOST_TEST(has("staging/nightly"));
  const auto dry = only_object(sluice({"staging", "gc", "--dry-run", "--all", "--json"}));
  BOOST_TEST(member(dry, "collected.0.name") == "nightly");
  BOOST_TEST(has("staging/nightly"));
  const Outcome named = sluice({"staging", "gc", "mmap:nightly"});
  BOOST_TEST(named.exit_code == 0);
  BOOST_TEST(named.out.starts_with("removed nightly, "), named.out);
  BOOST_TEST(!has("staging/nightly"));
  BOOST_TEST(sluice({"staging", "gc", "mmap:nightly"}).exit_code == 2);
  BOOST_TEST(sluice({"staging", "gc", "--older-than", "soon"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(a_session_without_a_manifest_is_listed_and_set_aside) {
  export_events("nightly");
  write("staging/nightly/manifest", "nothing");
  write("staging/nightly/manifest.copy", "nothing");
  BOOST_TEST(member(session("nightly"), "error.code") == "E_STAGING_MANIFEST");
  BOOST_TEST(holds(sluice({"staging", "list"}).out, "cannot be read"));
  BOOST_TEST(sluice({"staging", "check"}).exit_code == 7);
  BOOST_TEST(sluice({"staging", "repair", "nightly"}).exit_code == 7);
  const Outcome gc = sluice({"staging", "gc", "nightly"});
  BOOST_TEST(gc.exit_code == 0);
  BOOST_TEST(gc.out.starts_with("moved nightly to "), gc.out);
  BOOST_TEST(has("staging/.damaged/nightly/0-0.segment"));
}

BOOST_AUTO_TEST_CASE(a_live_export_is_seen_and_never_touched) {
  Child exporter(command({"export", "--endpoint", "slow", "--unit", "records", "--stage", "mmap:live"}));
  await_records("live");
  const auto one = session("live");
  BOOST_TEST(member(one, "live") == "true");
  BOOST_TEST(member(one, "owners.0") == "writer");
  const Outcome cat = sluice({"staging", "cat", "live"});
  BOOST_TEST(cat.exit_code == 0, cat.err);
  BOOST_TEST(lines_of(cat.out) > 0);
  const Outcome check = sluice({"staging", "check", "live"});
  BOOST_TEST(check.exit_code == 2);
  BOOST_TEST(holds(check.err, "E_STAGE_BUSY"), check.err);
  BOOST_TEST(sluice({"staging", "check"}).exit_code == 0);
  BOOST_TEST(sluice({"staging", "repair", "live"}).exit_code == 2);
  const Outcome all = sluice({"staging", "gc", "--all"});
  BOOST_TEST(all.exit_code == 0);
  BOOST_TEST(holds(all.out, "kept live, "), all.out);
  BOOST_TEST(holds(all.out, "in use (writer"), all.out);
  BOOST_TEST(sluice({"staging", "gc", "live"}).exit_code == 2);
  exporter.signal(SIGKILL);
  exporter.wait();

  // An orphan: nobody has it any more, and its records are still there.
  BOOST_TEST(member(session("live"), "live") == "false");
  BOOST_TEST(lines_of(sluice({"staging", "cat", "live"}).out) >= lines_of(cat.out));
  BOOST_TEST(sluice({"staging", "check", "live"}).exit_code == 0);
  BOOST_TEST(holds(sluice({"staging", "gc"}).out, "kept live, "));
  BOOST_TEST(sluice({"staging", "gc", "live"}).exit_code == 0);
  BOOST_TEST(!has("staging/live"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
