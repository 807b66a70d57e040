// A plugin file is replaced under active runs: they finish on what they began with, new ones take the new
// file, and none fails. Then the file is removed, and cut short while its code is in use.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <thread>

#include "plain_host.hpp"

namespace sluice::test {

namespace {

namespace fs = std::filesystem;

// What a plugin's vendor would ship as the next version: other bytes, the same plugin. What is added lies
// behind all that the ELF headers speak of.
void replace(const fs::path& file, const std::string& suffix) {
  const fs::path next = file.string() + ".next";
  fs::copy_file(file, next, fs::copy_options::overwrite_existing);
  std::ofstream(next, std::ios::binary | std::ios::app) << suffix;
  fs::rename(next, file);
}

struct UpgradeHost : PlainHost {
  UpgradeHost() : PlainHost(true) {}

  int64_t generation_of(const boost::json::object& result) const {
    for (const auto& plugin : result.at("receipt").at("plugins").as_array())
      if (plugin.at("role").as_string() == "source") return plugin.at("generation").as_int64();
    return 0;
  }
  // As the list shows those of one file: "generation state".
  std::vector<std::string> generations(const fs::path& file) const {
    std::vector<std::string> shown;
    const boost::json::value list = boost::json::parse(host->plugins().json);
    for (const auto& plugin : list.at("plugins").as_array())
      if (plugin.at("path").as_string() == file.string())
        shown.push_back(std::to_string(plugin.at("generation").to_number<int>()) + " " +
                        std::string(plugin.at("state").as_string()));
    return shown;
  }
  bool reload() const { return host->reload_plugins().ok(); }
  fs::path plugin(const std::string& name) const {
    return folder / "plugins" / ("libsluice_" + name + ".so");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_upgrade_under_eight_active_runs_fails_none, UpgradeHost) {
  constexpr int runs = 8;
  std::atomic<int> going{0}, good{0};
  std::atomic<bool> upgraded{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < runs; ++i)
    threads.emplace_back([&, i] {
      host::RunOptions options;
      options.progress_interval = std::chrono::milliseconds(5);
      bool counted = false;
      options.on_progress = [&](const host::Progress& at) {
        if (at.records_read > 0 && !counted) {
          counted = true;
          ++going;
        }
        // They go on until the upgrade has been, and end in peace.
        if (upgraded) options.cancellation.drain();
      };
      const auto result =
          run("generator", R"({"rate":5000,"count":100000000})", "records", "file.ndjson",
              R"({"path":")" + path("out" + std::to_string(i)) + R"("})",
              i % 2 ? R"({"mode":"INCREMENTAL","isolation":"process"})" : R"({"mode":"INCREMENTAL"})",
              "memory", options);
      const auto& stats = result.at("stats").as_object();
      const std::string written = read("out" + std::to_string(i));
      if (code_of(result) == "E_CANCELLED" && generation_of(result) == 1 &&
          stats.at("recordsWritten").as_int64() == stats.at("recordsRead").as_int64() &&
          stats.at("recordsWritten").as_int64() == std::count(written.begin(), written.end(), '\n'))
        ++good;
      else
        BOOST_TEST_MESSAGE(boost::json::serialize(result));
    });
  for (int i = 0; i < 2000 && going < runs; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  BOOST_TEST(going == runs);
  replace(plugin("generator"), "second");
  replace(plugin("file"), "second");
  BOOST_TEST(reload());
  // Both versions live: new runs take the new one, isolated or not.
  for (const char* how : {"in-process", "process"}) {
    const auto result = run_well("generator", R"({"count":10})", "records", "null", "{}",
                                 std::string(R"({"isolation":")") + how + R"("})");
    BOOST_TEST(generation_of(result) == 2);
  }
  const std::string list = host->plugins().json;
  BOOST_TEST(list.find(R"("state":"replaced")") != std::string::npos);
  BOOST_TEST(good == 0);  // all still run
  upgraded = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(good == runs);
  BOOST_TEST(host->plugins().json.find(R"("state":"replaced")") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(generations_that_run_are_listed_once_whatever_becomes_of_the_file, UpgradeHost) {
  // Of a run's two plugins one is replaced and then removed, the other only removed.
  const fs::path file = plugin("generator"), other = plugin("null");
  fs::copy_file(file, folder / "file");
  fs::copy_file(other, folder / "other");
  std::atomic<bool> going{false}, done{false};
  std::thread run_of_first([&] {
    host::RunOptions options;
    options.progress_interval = std::chrono::milliseconds(5);
    options.on_progress = [&](const host::Progress& at) {
      if (at.records_read > 0) going = true;
      if (done) options.cancellation.drain();
    };
    run("generator", R"({"rate":5000,"count":100000000})", "records", "null", "{}",
        R"({"mode":"INCREMENTAL"})", "memory", options);
  });
  for (int i = 0; i < 2000 && !going; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  BOOST_TEST(going);
  using Shown = std::vector<std::string>;
  replace(file, "second");
  BOOST_TEST(reload());
  BOOST_TEST(generations(file) == (Shown{"2 active", "1 replaced"}), boost::test_tools::per_element());
  fs::remove(file), fs::remove(other);
  BOOST_TEST(reload());
  BOOST_TEST(generations(file) == (Shown{"1 replaced"}), boost::test_tools::per_element());
  BOOST_TEST(generations(other) == (Shown{"1 retired"}), boost::test_tools::per_element());
  fs::rename(folder / "file", file), fs::rename(folder / "other", other);
  BOOST_TEST(reload());
  BOOST_TEST(generations(file) == (Shown{"3 active", "1 replaced"}), boost::test_tools::per_element());
  BOOST_TEST(generations(other) == (Shown{"2 active", "1 retired"}), boost::test_tools::per_element());
  done = true;
  run_of_first.join();
  BOOST_TEST(generations(file) == (Shown{"3 active"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_cut_short_in_use_harms_nothing, UpgradeHost) {
  run_well("generator", R"({"count":10})", "records", "null", "{}");
  fs::resize_file(plugin("generator"), 100);
  for (const char* how : {"in-process", "process"})
    run_well("generator", R"({"count":10})", "records", "null", "{}",
             std::string(R"({"isolation":")") + how + R"("})");
  // The host looks: the file is refused, and what was there goes on.
  BOOST_TEST(reload());
  run_well("generator", R"({"count":10})", "records", "null", "{}");
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_removed_is_retired, UpgradeHost) {
  run_well("generator", R"({"count":10})", "records", "null", "{}");
  fs::remove(plugin("generator"));
  BOOST_TEST(reload());
  BOOST_TEST(code_of(run("generator", R"({"count":10})", "records", "null", "{}")) == "E_TEMPLATE_UNKNOWN");
}

}  // namespace sluice::test
