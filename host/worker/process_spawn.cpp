#include "host/worker/process_spawn.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "host/worker/worker_descriptors.hpp"

namespace sluice::host {

namespace {

Error failed(const std::filesystem::path& program, const std::string& what, int error) {
  return Error(
      ErrorClass::transient, "E_WORKER_START",
      "cannot start the worker process " + program.string() + ": " + what + ": " + std::strerror(error),
      program.string(), "see that the file is there and may be run, and raise the limit of processes");
}

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  int prepare(int control, int output) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(&attributes_, &none);
    if (!error) error = posix_spawnattr_setsigdefault(&attributes_, &all);
    if (!error) error = posix_spawnattr_setpgroup(&attributes_, 0);
    if (!error)
      error = posix_spawnattr_setflags(
          &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (!error) error = posix_spawn_file_actions_addopen(&files_, 0, "/dev/null", O_RDONLY, 0);
    if (!error) error = posix_spawn_file_actions_adddup2(&files_, output, 1);
    if (!error) error = posix_spawn_file_actions_adddup2(&files_, output, 2);
    if (!error) error = posix_spawn_file_actions_adddup2(&files_, control, worker_control_descriptor);
    return error;
  }
  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

// A descriptor above those that the child gets, so that no dup2 there overwrites it or leaves it closed on
// exec.
UniqueFd moved_up(UniqueFd fd) {
  return fd.get() > worker_control_descriptor
             ? std::move(fd)
             : UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, worker_control_descriptor + 1));
}

}  // namespace

Status spawn_worker(const std::filesystem::path& program, SpawnedProcess& out) {
  Channel theirs;
  if (!Channel::pair(out.control, theirs)) return failed(program, "socketpair", errno);
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return failed(program, "pipe", errno);
  out.output.reset(pipe_ends[0]);
  (void)::fcntl(out.output.get(), F_SETFL, O_NONBLOCK);
  const UniqueFd output = moved_up(UniqueFd(pipe_ends[1])), control = moved_up(theirs.release());
  if (!output || !control) return failed(program, "fcntl", errno);

  SpawnActions actions;
  if (const int error = actions.prepare(control.get(), output.get()))
    return failed(program, "posix_spawn attributes", error);
  std::string path = program.string(), parent = std::to_string(::getpid());
  std::array<char*, 3> arguments{path.data(), parent.data(), nullptr};
  pid_t pid = -1;
  if (const int error =
          ::posix_spawn(&pid, path.c_str(), actions.files(), actions.attributes(), arguments.data(), environ))
    return failed(program, "posix_spawn", error);
  out.pid = pid;
  out.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (out.pidfd) return {};
  const int error = errno;
  (void)::kill(pid, SIGKILL);
  (void)::waitpid(pid, nullptr, 0);
  return failed(program, "pidfd_open", error);
}

std::filesystem::path find_worker_program(const std::filesystem::path& explicit_path) {
  if (!explicit_path.empty()) return explicit_path;
  Dl_info about{};
  if (dladdr(reinterpret_cast<const void*>(&find_worker_program), &about) == 0 || !about.dli_fname) return {};
  std::error_code error;
  const auto library = std::filesystem::canonical(about.dli_fname, error);
  if (error) return {};
  auto program = library.parent_path() / "sluice" / "sluice-worker";
  return std::filesystem::exists(program, error) ? program : std::filesystem::path();
}

}  // namespace sluice::host
