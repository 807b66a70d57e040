#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "host/worker/worker_process.hpp"

namespace sluice::host {

namespace {

struct Plan {
  WorkerPlan plan() const {
    WorkerPlan plan;
    plan.program = WORKER_PROGRAM;
    plan.file = CHAOS_PLUGIN;
    plan.image = image.get();
    return plan;
  }
  UniqueFd image{::open(CHAOS_PLUGIN, O_RDONLY | O_CLOEXEC)};
};

bool is_there(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_process)

BOOST_FIXTURE_TEST_CASE(a_worker_loads_the_plugin_and_tells_its_entry, Plan) {
  auto worker = WorkerProcess::start(plan());
  BOOST_REQUIRE(worker.has_value());
  BOOST_TEST((*worker)->entry().abi_version == 1u);
  BOOST_TEST((*worker)->entry().create_source);
  BOOST_TEST((*worker)->entry().descriptor.find("chaos") != std::string::npos);
  BOOST_TEST((*worker)->alive());
}

BOOST_FIXTURE_TEST_CASE(nothing_is_left_of_a_worker_that_is_no_longer_needed, Plan) {
  const size_t before = open_descriptors();
  pid_t pid = -1;
  {
    auto worker = WorkerProcess::start(plan());
    BOOST_REQUIRE(worker.has_value());
    pid = (*worker)->pid();
    BOOST_TEST(is_there(pid));
  }
  BOOST_TEST(!is_there(pid));
  BOOST_TEST(open_descriptors() == before);
}

BOOST_FIXTURE_TEST_CASE(a_worker_that_is_killed_is_told_as_a_crash_and_leaves_no_zombie, Plan) {
  auto worker = WorkerProcess::start(plan());
  BOOST_REQUIRE(worker.has_value());
  const pid_t pid = (*worker)->pid();
  ::kill(pid, SIGKILL);
  const Error error = (*worker)->death("read");
  BOOST_TEST(error.code() == "E_PLUGIN_CRASHED");
  BOOST_TEST(error.message().find("SIGKILL") != std::string::npos);
  BOOST_TEST(!(*worker)->alive());
  BOOST_TEST(!is_there(pid));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_no_library_is_refused_with_the_loaders_words, Plan) {
  WorkerPlan wrong = plan();
  const UniqueFd text(::open(__FILE__, O_RDONLY | O_CLOEXEC));
  wrong.image = text.get();
  auto worker = WorkerProcess::start(std::move(wrong));
  BOOST_REQUIRE(worker.has_error());
  BOOST_TEST(worker.error().code() == "E_PLUGIN_LOAD");
  BOOST_TEST(worker.error().message().find("ELF") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_program_that_is_not_there_is_an_error_that_names_it, Plan) {
  WorkerPlan wrong = plan();
  wrong.program = "/nowhere/sluice-worker";
  auto worker = WorkerProcess::start(std::move(wrong));
  BOOST_REQUIRE(worker.has_error());
  BOOST_TEST(worker.error().code() == "E_WORKER_START");
  BOOST_TEST(worker.error().message().find("/nowhere/sluice-worker") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_program_that_is_no_worker_is_an_error_and_not_a_hang, Plan) {
  WorkerPlan wrong = plan();
  wrong.program = "/bin/true";
  auto worker = WorkerProcess::start(std::move(wrong));
  BOOST_REQUIRE(worker.has_error());
  BOOST_TEST(worker.error().code() == "E_WORKER_START");
  BOOST_TEST(worker.error().message().find("/bin/true") != std::string::npos);
}

// The host is a process of its own here: it starts a worker and is killed.
BOOST_FIXTURE_TEST_CASE(a_worker_dies_with_its_host_even_when_that_is_killed, Plan) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const pid_t host = ::fork();
  BOOST_REQUIRE(host >= 0);
  if (host == 0) {
    auto worker = WorkerProcess::start(plan());
    const pid_t pid = worker ? (*worker)->pid() : -1;
    (void)!::write(ends[1], &pid, sizeof pid);
    ::pause();
    ::_exit(0);
  }
  pid_t worker = -1;
  BOOST_REQUIRE(::read(ends[0], &worker, sizeof worker) == sizeof worker);
  ::close(ends[0]);
  ::close(ends[1]);
  BOOST_REQUIRE(worker > 0);
  BOOST_TEST(is_there(worker));
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  // Whoever inherits it may take a moment to wait for it: a zombie counts as gone.
  const auto gone = [&] {
    std::ifstream stat("/proc/" + std::to_string(worker) + "/stat");
    std::string line;
    return !std::getline(stat, line) || line.find(") Z") != std::string::npos;
  };
  for (int i = 0; i < 500 && !gone(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  BOOST_TEST(gone());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
