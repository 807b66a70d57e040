#include "host/run/unit_lock.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/host/config/scratch_folder.hpp"

namespace sluice::host {

namespace {

struct Folder {
  Result<UnitLock> take(const std::string& identity) const {
    return UnitLock::take(identity, "the unit", scratch.path() / "locks");
  }
  std::string refusal(const std::string& identity) const {
    const Result<UnitLock> lock = take(identity);
    return lock ? "" : lock.error().code();
  }
  const test::ScratchFolder scratch;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(unit_lock)

BOOST_FIXTURE_TEST_CASE(one_holder_a_unit_and_the_next_when_it_is_done, Folder) {
  {
    const Result<UnitLock> first = take("a"), other = take("b");
    BOOST_TEST(!!first);
    BOOST_TEST(!!other);
    BOOST_TEST(refusal("a") == "E_UNIT_BUSY");
    BOOST_TEST(refusal("b") == "E_UNIT_BUSY");
    BOOST_TEST(refusal("c") == "");
  }
  BOOST_TEST(refusal("a") == "");
}

BOOST_FIXTURE_TEST_CASE(a_lock_that_was_moved_is_held_once, Folder) {
  Result<UnitLock> first = take("a");
  {
    const UnitLock moved = std::move(*first);
    BOOST_TEST(refusal("a") == "E_UNIT_BUSY");
  }
  BOOST_TEST(refusal("a") == "");
}

BOOST_FIXTURE_TEST_CASE(another_process_is_kept_out_until_its_holder_dies, Folder) {
  int ready[2];
  BOOST_REQUIRE(pipe(ready) == 0);
  const pid_t holder = fork();
  if (holder == 0) {
    const Result<UnitLock> held = take("a");
    (void)!write(ready[1], held ? "y" : "n", 1);
    for (;;) pause();
  }
  char taken = 0;
  BOOST_REQUIRE(read(ready[0], &taken, 1) == 1);
  BOOST_TEST(taken == 'y');
  BOOST_TEST(refusal("a") == "E_UNIT_BUSY");
  BOOST_TEST(refusal("b") == "");
  kill(holder, SIGKILL);
  BOOST_REQUIRE(waitpid(holder, nullptr, 0) == holder);
  BOOST_TEST(refusal("a") == "");
  close(ready[0]);
  close(ready[1]);
}

BOOST_FIXTURE_TEST_CASE(a_folder_that_others_may_write_is_refused, Folder) {
  std::filesystem::create_directory(scratch.path() / "locks");
  BOOST_REQUIRE(chmod((scratch.path() / "locks").c_str(), 0777) == 0);
  BOOST_TEST(refusal("a") == "E_LOCK");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
