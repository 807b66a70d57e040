// Workers are killed at random moments of exactly-once runs; what the sink holds in the end is what the
// source had.
#include <signal.h>
#include <sqlite3.h>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>
#include <thread>

#include "plain_host.hpp"

namespace sluice::test {

namespace {

// Kills one of this process's workers after another, at random, while it lives. The pauses grow with the
// kills: on a machine where starting two workers takes longer than the first pauses, the run still ends.
class WorkerKiller {
 public:
  WorkerKiller(unsigned seed, std::chrono::microseconds longest) : random_(seed), longest_(longest) {
    thread_ = std::thread([this] { work(); });
  }
  ~WorkerKiller() {
    stop_ = true;
    thread_.join();
  }
  int kills() const { return kills_; }

 private:
  void work() {
    while (!stop_) {
      std::uniform_int_distribution<int64_t> pause(0, longest_.count() * (1 + kills_ / 50));
      std::this_thread::sleep_for(std::chrono::microseconds(pause(random_)));
      const std::set<pid_t> workers = children();
      if (workers.empty() || stop_) continue;
      auto victim = workers.begin();
      std::advance(victim, random_() % workers.size());
      if (::kill(*victim, SIGKILL) == 0) ++kills_;
    }
  }

  std::mt19937 random_;
  const std::chrono::microseconds longest_;
  std::atomic<bool> stop_{false};
  std::atomic<int> kills_{0};
  std::thread thread_;
};

// Rows, sum of their numbers, and how many are there twice.
std::string digest_of(const std::string& database) {
  sqlite3* db = nullptr;
  BOOST_REQUIRE(sqlite3_open(database.c_str(), &db) == SQLITE_OK);
  std::string out;
  const char* query = "select count(*) || ' ' || sum(n) || ' ' || (count(*) - count(distinct n)) from rows";
  sqlite3_exec(
      db, query,
      [](void* to, int, char** values, char**) {
        *static_cast<std::string*>(to) = values[0] ? values[0] : "";
        return 0;
      },
      &out, nullptr);
  sqlite3_close(db);
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(killed_workers_lose_and_double_nothing, PlainHost) {
  const char* wanted = std::getenv("SLUICE_KILLER_RUNS");
  const int runs = wanted ? std::atoi(wanted) : 12;
  std::string text;
  constexpr int records = 20'000;
  for (int i = 0; i < records; ++i)
    text += R"({"n":)" + std::to_string(i) + R"(,"text":"some text to make it longer"})" + "\n";
  const std::string in = R"({"path":")" + write("rows.ndjson", text) + R"("})";
  const std::string right =
      std::to_string(records) + " " + std::to_string(int64_t{records} * (records - 1) / 2) + " 0";
  int kills = 0;
  for (int i = 0; i < runs; ++i) {
    const std::string database = path("db" + std::to_string(i));
    const std::string out = R"({"path":")" + database + R"(","table":"rows"})";
    const std::string policy =
        R"({"mode":"INCREMENTAL","delivery":"exactly-once","isolation":"process","batch":{"maxRecords":500},)"
        R"("commit":{"everyBytes":"64KiB"},"retry":{"maxAttempts":1000,"initialBackoff":"1ms","maxBackoff":"2ms"}})";
    boost::json::object result;
    {
      WorkerKiller killer(static_cast<unsigned>(i), std::chrono::milliseconds(40));
      result = run("file.ndjson", in, "rows.ndjson", "sqlite", out, policy, i % 2 ? "mmap" : "memory");
      kills += killer.kills();
    }
    BOOST_TEST(result.at("status").as_string() == "succeeded", boost::json::serialize(result));
    BOOST_TEST(digest_of(database) == right, "round " << i << ": " << digest_of(database));
    BOOST_TEST(result.at("stats").at("recordsWritten").as_int64() == records);
    BOOST_TEST(children().empty());
  }
  BOOST_TEST_MESSAGE(kills << " workers killed in " << runs << " runs");
  BOOST_TEST(kills > runs / 2);
}

}  // namespace sluice::test
