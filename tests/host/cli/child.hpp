// The command as a child process, as a shell or an orchestrator would start it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

struct Spawn {
  std::vector<std::string> arguments;
  std::string input;
  std::vector<std::pair<std::string, std::string>> environment;
  std::filesystem::path folder;
  bool stderr_is_terminal = false;
  bool stdout_is_closed = false;
};

struct Outcome {
  int exit_code = -1;  // -n: killed by signal n
  std::string out, err;
};

// Everything is bounded: a child that takes longer than a minute is killed and the test fails.
class Child {
 public:
  explicit Child(const Spawn& spawn);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads until standard error holds `text`; fails the test when the child ends before.
  void await_stderr(const std::string& text);
  void signal(int number) const;
  Outcome wait();

 private:
  // Reads what there is, waiting for some; false at the end of both streams.
  bool read_some();
  void give_up(const std::string& why);

  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  Outcome outcome_;
  std::chrono::steady_clock::time_point deadline_;
};

Outcome run_child(const Spawn& spawn);

}  // namespace sluice::test
