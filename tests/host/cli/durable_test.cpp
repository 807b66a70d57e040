// export, import, resume and prove, as processes that meet only in the staging folder.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

#include "house.hpp"

namespace sluice::test {
namespace {

constexpr std::string_view configuration = R"(version: 1
staging: { mmap: { dir: ./stage, minFree: 1MiB } }
endpoints:
  events:  { template: file.ndjson, config: { path: ./events/*.ndjson } }
  text:    { template: file.lines, config: { path: ./events/*.ndjson } }
  copy:    { template: file.ndjson, config: { path: ./out/ } }
  lines:   { template: file.lines, config: { path: ./out/ } }
  lake:    { template: sqlite, config: { path: ./lake.db } }
  numbers: { template: generator, config: { count: 1000, recordBytes: 100 } }
  steady:  { template: generator, config: { count: 2000, recordBytes: 100, rate: 2000 } }
  sink:    { template: "null" }
)";

class Durable : public House {
 public:
  Durable() { write("sluice.yaml", configuration); }

  static void await(const std::string& what, const std::function<bool()>& come) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!come()) {
      BOOST_TEST_REQUIRE((std::chrono::steady_clock::now() < end), what << " never comes");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  bool has_bytes(const std::string& name, uint64_t many = 1) const {
    std::error_code none;
    const auto size = std::filesystem::file_size(folder() / name, none);
    return !none && size >= many;
  }
  std::vector<std::string> sessions() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "stage", none))
      if (const std::string name = entry.path().filename(); name.front() != '.') names.push_back(name);
    return names;
  }
  // Lines, and different ones among them.
  void expect_lines(const std::string& file, size_t count) const {
    std::istringstream text(read(file));
    std::set<std::string> different;
    size_t lines = 0;
    for (std::string line; std::getline(text, line); ++lines) different.insert(line);
    BOOST_TEST(lines == count);
    BOOST_TEST(different.size() == count);
  }
  void write_request(const std::string& source, const std::string& unit, const std::string& sink,
                     const std::string& policy) const {
    write("request.json", R"({"endpointId":")" + source + R"(","unitId":")" + unit +
                              R"(","sinkEndpointId":")" + sink + R"(","policy":)" + policy + "}");
  }
  void write_events(int count) const {
    std::string text;
    for (int n = 0; n < count; ++n) text += "{\"id\":" + std::to_string(n) + "}\n";
    write("events/a.ndjson", text);
  }
};

BOOST_FIXTURE_TEST_SUITE(durable, Durable)

BOOST_AUTO_TEST_CASE(an_export_is_imported_by_another_process_without_its_source) {
  const std::string before = read("events/a.ndjson");
  const Outcome out = sluice({"export", "--endpoint", "events", "--unit", "a.ndjson", "--sink", "copy",
                              "--stage", "mmap:nightly", "--json"});
  BOOST_TEST(out.exit_code == 0, out.out << out.err);
  BOOST_TEST(member(only_object(out), "stageRef") == "mmap:nightly");
  BOOST_TEST(member(only_object(out), "newCheckpoint") == "null");
  BOOST_TEST(!has("out/a.ndjson"));
  BOOST_TEST(
      sluice({"export", "--endpoint", "events", "--unit", "a.ndjson", "--stage", "mmap:nightly"}).exit_code ==
      2);
  std::filesystem::remove(folder() / "events/a.ndjson");
  const Outcome in = sluice({"import", "--stage", "mmap:nightly", "--json"});
  BOOST_TEST(in.exit_code == 0, in.out << in.err);
  BOOST_TEST(member(only_object(in), "stats.recordsWritten") == "3");
  BOOST_TEST(member(only_object(in), "runId") == member(only_object(out), "runId"));
  BOOST_TEST(read("out/a.ndjson") == before);
  BOOST_TEST(sessions().empty());
  const Outcome again = sluice({"import", "--stage", "mmap:nightly"});
  BOOST_TEST(again.exit_code == 2);
  BOOST_TEST(holds(again.err, "E_STAGE_UNKNOWN"), again.err);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_file_moves_with_the_import_and_not_with_the_export) {
  for (int day = 1; day <= 3; ++day) {
    append("events/a.ndjson", "{\"id\":" + std::to_string(10 + day) + "}\n");
    const Outcome out =
        sluice({"export", "--endpoint", "events", "--unit", "a.ndjson", "--sink", "copy", "--mode",
                "INCREMENTAL", "--stage", "mmap:nightly", "--checkpoint-file", "checkpoint"});
    BOOST_TEST(out.exit_code == 0, out.err);
    const Outcome in = sluice({"import", "--stage", "mmap:nightly", "--checkpoint-file", "checkpoint"});
    BOOST_TEST(in.exit_code == 0, in.err);
    BOOST_TEST(read("out/a.ndjson") == read("events/a.ndjson"));
  }
}

BOOST_AUTO_TEST_CASE(an_import_follows_an_export_that_begins_later) {
  Child importer(command({"import", "--stage", "mmap:live", "--sink", "copy", "--follow", "--json"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  Child exporter(command({"export", "--endpoint", "steady", "--unit", "records", "--stage", "mmap:live"}));
  await("the export", [&] { return has("stage/live"); });
  // Its reading end is taken, or its writer is alive: either way it is busy.
  const Outcome busy = sluice({"import", "--stage", "mmap:live", "--sink", "lake"});
  BOOST_TEST(busy.exit_code == 2);
  BOOST_TEST(holds(busy.err, "E_STAGE_BUSY"), busy.err);
  const Outcome out = exporter.wait(), in = importer.wait();
  BOOST_TEST(out.exit_code == 0, out.err);
  BOOST_TEST(in.exit_code == 0, in.out << in.err);
  BOOST_TEST(member(only_object(in), "stats.recordsWritten") == "2000");
  expect_lines("out/records", 2000);
  BOOST_TEST(sessions().empty());
}

BOOST_AUTO_TEST_CASE(a_signal_ends_an_import_at_a_commit_and_a_resume_finishes_it) {
  Child exporter(command({"export", "--endpoint", "steady", "--unit", "records", "--stage", "mmap:live"}));
  await("the export", [&] { return has("stage/live"); });
  write("import.json",
        R"({"stageRef":"mmap:live","sinkEndpointId":"copy","policy":{"commit":{"every":"20ms"}}})");
  Child importer(command({"import", "import.json", "--follow", "--json"}));
  await("the output", [&] { return has_bytes("out/records"); });
  importer.signal(SIGINT);
  const Outcome drained = importer.wait();
  BOOST_TEST(drained.exit_code == 6, drained.out << drained.err);
  BOOST_TEST(member(only_object(drained), "stageRef") == "mmap:live");
  BOOST_TEST(member(only_object(drained), "newCheckpoint").starts_with("{"));
  BOOST_TEST(exporter.wait().exit_code == 0);
  const Outcome resumed = sluice({"resume", "mmap:live", "import.json", "--json"});
  BOOST_TEST(resumed.exit_code == 0, resumed.out << resumed.err);
  expect_lines("out/records", 2000);
  BOOST_TEST(sessions().empty());
}

BOOST_AUTO_TEST_CASE(a_killed_run_is_finished_by_another_process) {
  write_request("steady", "records", "copy",
                R"({"delivery":"exactly-once","commit":{"every":"30ms"},"batch":{"maxDelay":"20ms"}})");
  {
    Child run(command({"run", "request.json", "--staging", "mmap"}));
    await("the output", [&] { return has_bytes("out/records", 30'000); });  // several commits
    run.signal(SIGKILL);
    BOOST_TEST(run.wait().exit_code == -SIGKILL);
  }
  BOOST_TEST_REQUIRE(sessions().size() == 1u);
  const Outcome resumed = sluice({"resume", "mmap:" + sessions().front(), "--json"});
  BOOST_TEST(resumed.exit_code == 0, resumed.out << resumed.err);
  BOOST_TEST(std::stoi(member(only_object(resumed), "stats.recordsRead")) < 2000);
  expect_lines("out/records", 2000);
  BOOST_TEST(sessions().empty());
  // Its result was lost, so the caller runs it again: nothing comes twice.
  BOOST_TEST(sluice({"run", "request.json", "--staging", "mmap"}).exit_code == 0);
  expect_lines("out/records", 2000);
}

BOOST_AUTO_TEST_CASE(an_epoch_fences_attempts_that_come_too_late) {
  write_request("events", "a.ndjson", "lake", R"({"delivery":"exactly-once"},"epoch":7)");
  BOOST_TEST(sluice({"run", "request.json"}).exit_code == 0);
  write_request("events", "a.ndjson", "lake", R"({"delivery":"exactly-once"},"epoch":6)");
  const Outcome late = sluice({"run", "request.json", "--json"});
  BOOST_TEST(late.exit_code == 2, late.out);
  BOOST_TEST(member(only_object(late), "errors.0.code") == "E_FENCED");
  // So does an export that was read before and is imported after.
  write_request("events", "a.ndjson", "lake",
                R"({"delivery":"exactly-once"},"epoch":5,"stageRef":"mmap:old")");
  BOOST_TEST(sluice({"export", "request.json"}).exit_code == 0);
  BOOST_TEST(sluice({"import", "--stage", "mmap:old"}).exit_code == 2);
  BOOST_TEST(has("stage/old"));
}

BOOST_AUTO_TEST_CASE(prove_cuts_pipelines_off_and_finds_nothing_lost) {
  write_events(300);
  write_request("events", "a.ndjson", "lake",
                R"({"batch":{"maxRecords":20},"commit":{"everyBytes":"1KiB"}})");
  const Outcome rows = sluice({"prove", "request.json", "--points", "25", "--json"});
  BOOST_TEST(rows.exit_code == 0, rows.out << rows.err);
  const auto proof = only_object(rows);
  BOOST_TEST(member(proof, "ok") == "true");
  BOOST_TEST(member(proof, "points") == "25");
  BOOST_TEST(member(proof, "records") == "300");
  BOOST_TEST(member(proof, "lost") == "0");
  BOOST_TEST(member(proof, "doubled") == "0");
  BOOST_TEST(!has("lake.db"));

  write_request(
      "text", "a.ndjson", "lines",
      R"({"batch":{"maxRecords":20},"commit":{"everyBytes":"1KiB"},"staging":{"durability":"disk"}})");
  const Outcome lines =
      sluice({"prove", "request.json", "--points", "25", "--power-loss", "--seed", "3", "--json"});
  BOOST_TEST(lines.exit_code == 0, lines.out << lines.err);
  BOOST_TEST(member(only_object(lines), "powerLosses") == "12");
  BOOST_TEST(!has("out/a.ndjson"));
}

BOOST_AUTO_TEST_CASE(prove_refuses_what_it_cannot_try) {
  write_request("numbers", "records", "sink", "{}");
  const Outcome no_path = sluice({"prove", "request.json", "--json"});
  BOOST_TEST(no_path.exit_code == 2);
  BOOST_TEST(member(only_object(no_path), "error.code") == "E_PROVE");
  BOOST_TEST(sluice({"prove", "missing.json"}).exit_code == 3);
  write("request.json", "[]");
  BOOST_TEST(sluice({"prove", "request.json"}).exit_code == 2);
  write_request("events", "nothing.ndjson", "lake", "{}");
  const Outcome broken = sluice({"prove", "request.json"});
  BOOST_TEST(broken.exit_code != 0);
  BOOST_TEST(holds(broken.err, "nothing.ndjson"), broken.err);
}

BOOST_AUTO_TEST_CASE(prove_fails_when_a_trial_holds_other_records_than_the_undisturbed_run) {
  write_events(100);
  write_request("events", "a.ndjson", "lake", R"({"batch":{"maxRecords":20}})");
  std::filesystem::create_directory(folder() / "tmp");
  Spawn spawn = command({"prove", "request.json", "--points", "12", "--json"});
  spawn.environment = {{"TMPDIR", (folder() / "tmp").string()}};
  Child prove(spawn);
  // The trials find one record more than the run that they are compared with.
  await("the first trial", [&] {
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "tmp"))
      if (std::filesystem::exists(entry.path() / "trial")) return true;
    return false;
  });
  append("events/a.ndjson", "{\"id\":-1}\n");
  const Outcome failed = prove.wait();
  BOOST_TEST(failed.exit_code == 1, failed.out << failed.err);
  const auto proof = only_object(failed);
  BOOST_TEST(member(proof, "ok") == "false");
  BOOST_TEST(member(proof, "lost") == "0");
  BOOST_TEST(member(proof, "doubled") != "0");
  BOOST_TEST(holds(member(proof, "failures.0.what"), "1 doubled"), failed.out);
  BOOST_TEST(std::filesystem::exists(member(proof, "folder")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
