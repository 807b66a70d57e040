#include "host/cli/bench/child_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

extern char** environ;  // NOLINT: the environment has no header

namespace sluice::bench {

namespace {

using host::Result;
using Clock = std::chrono::steady_clock;

constexpr int look_every_ms = 10;

Error broken(const std::string& what) {
  return {ErrorClass::system, "E_BENCH", what, "benchmark", {}};
}

// The most memory that a process has had since it was executed; 0 when it is gone. What wait4() tells is at
// least the memory of the process that started it.
uint64_t peak_of(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) << 10;
  return 0;
}

// Reads until the writers of the pipe are gone and looks at the process's memory meanwhile. Gives the
// beginning of what it said.
std::string watch(pid_t process, int pipe, uint64_t& peak) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    pollfd waiting{pipe, POLLIN, 0};
    if (::poll(&waiting, 1, look_every_ms) == 0) {
      peak = std::max(peak, peak_of(process));
      continue;
    }
    const ssize_t size = ::read(pipe, piece.data(), piece.size());
    if (size <= 0) return text;
    if (text.size() < 2000) text.append(piece.data(), static_cast<size_t>(size));
  }
}

class Actions {
 public:
  Actions() {
    posix_spawn_file_actions_init(&actions_);
    // The command blocks the signals that it takes by itself; its children shall hear them.
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~Actions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (file >= 0 && ::fstat(file, &about) == 0) {
      size_ = static_cast<size_t>(about.st_size);
      void* at = size_ > 0 ? ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
      if (at != MAP_FAILED) data_ = static_cast<const char*>(at);
      good_ = size_ == 0 || data_;
    }
    if (file >= 0) ::close(file);
  }
  ~MappedFile() {
    if (data_) ::munmap(const_cast<char*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  bool good() const { return good_; }
  size_t size() const { return size_; }
  const char* data() const { return data_; }

 private:
  bool good_ = false;
  size_t size_ = 0;
  const char* data_ = nullptr;
};

}  // namespace

Result<Lap> run_program(const std::vector<std::string>& words, const ProgramStreams& streams) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::array<int, 2> errors{-1, -1};
  if (::pipe2(errors.data(), O_CLOEXEC) != 0) return broken("no pipe can be made");
  Actions with;
  const char* input = streams.input.empty() ? "/dev/null" : streams.input.c_str();
  const char* output = streams.output.empty() ? "/dev/null" : streams.output.c_str();
  posix_spawn_file_actions_addopen(&with.actions_, STDIN_FILENO, input, O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&with.actions_, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&with.actions_, errors[1], STDERR_FILENO);
  const auto begin = Clock::now();
  pid_t child = -1;
  const int failed =
      ::posix_spawnp(&child, arguments[0], &with.actions_, &with.attributes_, arguments.data(), environ);
  ::close(errors[1]);
  if (failed != 0) {
    ::close(errors[0]);
    return broken("cannot run " + words[0] + ": " + std::strerror(failed));
  }
  uint64_t peak = 0;
  const std::string said = watch(child, errors[0], peak);
  ::close(errors[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return broken("cannot wait for " + words[0]);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return broken(words[0] + " failed" + (said.empty() ? "" : ": " + said));
  return Lap{seconds, peak};
}

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string place; std::getline(folders, place, ':');) {
    place.append("/").append(name);
    if (::access(place.c_str(), X_OK) == 0) return true;
  }
  return false;
}

Status expect_same_bytes(const std::string& expected, const std::string& found) {
  const MappedFile a(expected), b(found);
  if (!a.good() || !b.good()) return broken("cannot compare " + expected + " with " + found);
  if (a.size() != b.size())
    return broken(found + " has " + std::to_string(b.size()) + " bytes in place of " +
                  std::to_string(a.size()));
  if (a.size() > 0 && std::memcmp(a.data(), b.data(), a.size()) != 0)
    return broken(found + " has other bytes than " + expected);
  return {};
}

}  // namespace sluice::bench
