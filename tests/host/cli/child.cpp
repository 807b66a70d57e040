#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdlib>
#include <optional>

namespace sluice::test {
namespace {

struct Pair {
  int ours = -1, theirs = -1;
};

Pair new_pipe() {
  std::array<int, 2> ends{};
  BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  return {ends[0], ends[1]};
}

Pair new_terminal() {
  Pair pair;
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 120;
  BOOST_REQUIRE(::openpty(&pair.ours, &pair.theirs, nullptr, nullptr, &size) == 0);
  ::fcntl(pair.ours, F_SETFD, FD_CLOEXEC);
  ::fcntl(pair.theirs, F_SETFD, FD_CLOEXEC);
  return pair;
}

// A memory file, so that a child that does not read its input never blocks us.
int input_file(const std::string& input) {
  const int file = ::memfd_create("input", MFD_CLOEXEC);
  BOOST_REQUIRE(file >= 0);
  BOOST_REQUIRE(::write(file, input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  ::lseek(file, 0, SEEK_SET);
  return file;
}

// A small environment of our own: the tester's must not change what is tested. Sanitizers keep their options.
std::vector<std::string> environment_of(const Spawn& spawn) {
  std::vector<std::string> all;
  // The first of two with one name counts.
  for (const auto& [name, value] : spawn.environment) all.push_back(name + "=" + value);
  all.insert(all.end(), {"TERM=xterm", "LANG=C.UTF-8"});
  for (const char* name :
       {"PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"})
    if (const char* value = std::getenv(name)) all.push_back(std::string(name) + "=" + value);
  all.push_back("XDG_RUNTIME_DIR=" + spawn.folder.string());
  all.push_back("SLUICE_PLUGIN_CACHE=" + (spawn.folder / "plugin-cache").string());
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Child::Child(const Spawn& spawn) : deadline_(std::chrono::steady_clock::now() + std::chrono::minutes(1)) {
  const Pair out = new_pipe(), err = spawn.stderr_is_terminal ? new_terminal() : new_pipe();
  const int in = input_file(spawn.input);
  std::vector<std::string> words{SLUICE_COMMAND}, environment = environment_of(spawn);
  words.insert(words.end(), spawn.arguments.begin(), spawn.arguments.end());
  const std::vector<char*> argv = pointers(words), envp = pointers(environment);
  const std::string folder = spawn.folder.string();
  pid_ = ::fork();
  BOOST_REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    ::dup2(in, STDIN_FILENO);
    ::dup2(out.theirs, STDOUT_FILENO);
    ::dup2(err.theirs, STDERR_FILENO);
    if (spawn.stdout_is_closed) ::close(STDOUT_FILENO);
    if (::chdir(folder.c_str()) == 0) ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(in);
  ::close(out.theirs);
  ::close(err.theirs);
  out_ = out.ours;
  err_ = err.ours;
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (int descriptor : {out_, err_})
    if (descriptor >= 0) ::close(descriptor);
}

void Child::give_up(const std::string& why) {
  BOOST_FAIL(why + "\nstandard output:\n" + outcome_.out + "\nstandard error:\n" + outcome_.err);
}

bool Child::read_some() {
  if (out_ < 0 && err_ < 0) return false;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  // poll() passes over negative descriptors.
  std::array<pollfd, 2> waiting{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  if (left.count() <= 0 || ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) == 0)
    give_up("the command takes too long");
  std::array<char, 65536> buffer{};
  auto take = [&buffer](const pollfd& ready, int& descriptor, std::string& to) {
    if (!ready.revents || descriptor < 0) return;
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got > 0) {
      to.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {  // a terminal whose other side is gone gives EIO
      ::close(descriptor);
      descriptor = -1;
    }
  };
  take(waiting[0], out_, outcome_.out);
  take(waiting[1], err_, outcome_.err);
  return true;
}

void Child::await_stderr(const std::string& text) {
  while (outcome_.err.find(text) == std::string::npos)
    if (!read_some()) give_up("the command ended without \"" + text + "\" on standard error");
}

void Child::signal(int number) const {
  BOOST_REQUIRE(::kill(pid_, number) == 0);
}

Outcome Child::wait() {
  while (read_some()) {
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  outcome_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return outcome_;
}

Outcome run_child(const Spawn& spawn) {
  return Child(spawn).wait();
}

}  // namespace sluice::test
