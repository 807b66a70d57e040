// What make_stderr_log puts on standard error, which these tests point at a file.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "sluice/host/log.hpp"

namespace sluice::host {
namespace {

// Standard error goes to an unlinked file while this lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(::dup(STDERR_FILENO)) {
    std::string name = "/tmp/sluice-log-test-XXXXXX";
    file_ = ::mkostemp(name.data(), O_CLOEXEC | O_APPEND);
    BOOST_REQUIRE(file_ >= 0);
    ::unlink(name.c_str());
    ::dup2(file_, STDERR_FILENO);
  }
  ~CapturedStderr() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(file_);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::vector<std::string> lines() const {
    std::string all;
    std::array<char, 65536> buffer{};
    off_t at = 0;
    for (ssize_t got; (got = ::pread(file_, buffer.data(), buffer.size(), at)) > 0; at += got)
      all.append(buffer.data(), static_cast<std::size_t>(got));
    std::istringstream in(all);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

 private:
  int saved_, file_ = -1;
};

void write(LogSink& log, Severity severity, std::string message) {
  log.write({severity, std::chrono::system_clock::now(), std::move(message), {}});
}

BOOST_AUTO_TEST_SUITE(stderr_log)

BOOST_AUTO_TEST_CASE(lines_below_the_least_severity_are_left_out) {
  CapturedStderr captured;
  auto log = make_stderr_log(Severity::warning, LogFormat::text, false);
  write(*log, Severity::info, "low");
  write(*log, Severity::warning, "equal");
  write(*log, Severity::error, "high");
  const auto lines = captured.lines();
  BOOST_REQUIRE_EQUAL(lines.size(), 2u);
  BOOST_TEST(lines[0].ends_with("WARN  equal"));
  BOOST_TEST(lines[1].ends_with("ERROR high"));
}

BOOST_AUTO_TEST_CASE(two_logs_write_only_their_own_lines) {
  CapturedStderr captured;
  auto text = make_stderr_log(Severity::info, LogFormat::text, false);
  auto json = make_stderr_log(Severity::info, LogFormat::json, false);
  write(*text, Severity::info, "of text");
  write(*json, Severity::info, "of json");
  text.reset();
  write(*json, Severity::info, "still there");
  const auto lines = captured.lines();
  BOOST_REQUIRE_EQUAL(lines.size(), 3u);
  BOOST_TEST(lines[0].ends_with("INFO  of text"));
  BOOST_TEST(lines[1].starts_with("{\"ts\""));
  BOOST_TEST(lines[1].find("\"of json\"") != std::string::npos);
  BOOST_TEST(lines[2].find("\"still there\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(many_threads_write_whole_lines_while_logs_come_and_go) {
  constexpr int threads = 8, each = 200;
  CapturedStderr captured;
  auto log = make_stderr_log(Severity::info, LogFormat::text, false);
  {
    std::vector<std::jthread> writers;
    for (int t = 0; t < threads; ++t)
      writers.emplace_back([&log, t] {
        for (int i = 0; i < each; ++i) {
          write(*log, Severity::info, "thread " + std::to_string(t) + " line " + std::to_string(i) + " end");
          if (i % 50 == 0) {
            auto brief = make_stderr_log(Severity::info, LogFormat::json, false);
            write(*brief, Severity::info, "brief");
          }
        }
      });
  }
  int whole = 0, brief = 0;
  for (const std::string& line : captured.lines()) {
    if (line.starts_with("{") && line.ends_with("\"brief\"}")) ++brief;
    if (line.starts_with("20") && line.ends_with(" end")) ++whole;
  }
  BOOST_TEST(whole == threads * each);
  BOOST_TEST(brief == threads * 4);
}

BOOST_AUTO_TEST_CASE(a_closed_standard_error_is_survived) {
  CapturedStderr captured;
  auto log = make_stderr_log(Severity::info, LogFormat::text, false);
  const int kept = ::dup(STDERR_FILENO);
  ::close(STDERR_FILENO);
  write(*log, Severity::error, "lost");
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  write(*log, Severity::error, "kept");
  BOOST_TEST(captured.lines().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::host
