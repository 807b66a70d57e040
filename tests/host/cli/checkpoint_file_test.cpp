// `run --checkpoint-file`: state for repeated runs without an orchestrator.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "house.hpp"

namespace sluice::test {
namespace {

struct CronHouse : House {
  Outcome again() const {
    return sluice({"run", "--endpoint", "events", "--unit", "a.ndjson", "--sink", "lake", "--mode",
                   "INCREMENTAL", "--checkpoint-file", "state.json", "--json"});
  }
};

BOOST_FIXTURE_TEST_SUITE(checkpoint_file, CronHouse)

BOOST_AUTO_TEST_CASE(every_record_is_read_once_and_appended_ones_too) {
  const Outcome first = again();
  BOOST_TEST(first.exit_code == 0, first.out << first.err);
  BOOST_TEST(member(only_object(first), "stats.recordsRead") == "3");
  BOOST_TEST(boost::json::parse(read("state.json")) == only_object(first).at("newCheckpoint"));

  const Outcome second = again();
  BOOST_TEST(second.exit_code == 0, second.out << second.err);
  BOOST_TEST(member(only_object(second), "stats.recordsRead") == "0");

  append("events/a.ndjson", "{\"id\":4,\"name\":\"four\"}\n");
  const Outcome third = again();
  BOOST_TEST(third.exit_code == 0, third.out << third.err);
  BOOST_TEST(member(only_object(third), "stats.recordsRead") == "1");
  BOOST_TEST(!has("state.json.new"));
}

BOOST_AUTO_TEST_CASE(a_state_that_cannot_be_stored_is_found_before_data_move) {
  const Outcome outcome = sluice({"run", "--endpoint", "events", "--unit", "a.ndjson", "--sink", "copy",
                                  "--checkpoint-file", "no-folder/state.json", "--json"});
  BOOST_TEST(outcome.exit_code == 3);
  BOOST_TEST(member(only_object(outcome), "error.code") == "E_CHECKPOINT_FILE");
  BOOST_TEST(holds(member(only_object(outcome), "error.message"), "no-folder/state.json"));
  BOOST_TEST(!has("out/a.ndjson"));
}

BOOST_AUTO_TEST_CASE(a_damaged_state_is_refused_and_left_alone) {
  write("state.json", "{\"half");
  const Outcome outcome = again();
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(holds(member(only_object(outcome), "error.message"), "not JSON"), outcome.out);
  BOOST_TEST(read("state.json") == "{\"half");
}

BOOST_AUTO_TEST_CASE(a_second_run_with_the_same_state_is_refused) {
  const int holder = ::open((folder() / "state.json.new").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  BOOST_REQUIRE(holder >= 0);
  BOOST_REQUIRE(::flock(holder, LOCK_EX | LOCK_NB) == 0);
  const Outcome outcome = again();
  BOOST_TEST(outcome.exit_code == 3);
  BOOST_TEST(holds(member(only_object(outcome), "error.message"), "another run"), outcome.out);
  ::close(holder);
  BOOST_TEST(again().exit_code == 0);  // the file that a crash leaves behind is no obstacle
}

BOOST_AUTO_TEST_CASE(links_and_permissions_of_the_state_stay) {
  BOOST_TEST(again().exit_code == 0);
  std::filesystem::rename(folder() / "state.json", folder() / "real.json");
  std::filesystem::create_symlink("real.json", folder() / "state.json");
  ::chmod((folder() / "real.json").c_str(), 0640);
  append("events/a.ndjson", "{\"id\":4,\"name\":\"four\"}\n");
  const Outcome outcome = again();
  BOOST_TEST(outcome.exit_code == 0, outcome.out << outcome.err);
  BOOST_TEST(std::filesystem::is_symlink(folder() / "state.json"));
  BOOST_TEST(boost::json::parse(read("real.json")) == only_object(outcome).at("newCheckpoint"));
  struct stat now {};
  BOOST_REQUIRE(::stat((folder() / "real.json").c_str(), &now) == 0);
  BOOST_TEST((now.st_mode & 07777u) == 0640u);
}

BOOST_AUTO_TEST_CASE(both_checkpoint_options_at_once_are_refused) {
  const Outcome outcome =
      sluice({"run", "--endpoint", "events", "--checkpoint", "null", "--checkpoint-file", "s"});
  BOOST_TEST(outcome.exit_code == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
