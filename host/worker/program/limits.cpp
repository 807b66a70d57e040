#include "host/worker/program/limits.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLUICE_SHADOW_MEMORY 1
#endif
#endif

namespace sluice::worker {

namespace {

#if defined(__x86_64__)
constexpr uint32_t this_machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t this_machine = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t this_machine = 0;
#endif

bool limit(int resource, uint64_t soft, uint64_t hard) {
  rlimit now{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &now) != 0) return false;
  // Never above what the host itself may.
  now.rlim_cur = std::min<rlim_t>(soft, now.rlim_max);
  now.rlim_max = std::min<rlim_t>(hard, now.rlim_max);
  return setrlimit(static_cast<__rlimit_resource_t>(resource), &now) == 0;
}

// A program for the kernel: which system calls fail, and how. See seccomp(2).
class SystemCallFilter {
 public:
  SystemCallFilter() {
    load(offsetof(seccomp_data, arch));
    // Calls of another instruction set would have other numbers.
    jump_if_equal(this_machine, 1, 0);
    give(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1));
    give(SECCOMP_RET_KILL_PROCESS);
#endif
  }

  void refuse(long call, int error) {
    jump_if_equal(static_cast<uint32_t>(call), 0, 1);
    give(SECCOMP_RET_ERRNO | static_cast<uint32_t>(error));
  }
  // Unless all of `bits` are set in the call's first argument.
  void refuse_without(long call, uint32_t bits, int error) {
    jump_if_equal(static_cast<uint32_t>(call), 0, 4);
    load(offsetof(seccomp_data, args));
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0));
    give(SECCOMP_RET_ERRNO | static_cast<uint32_t>(error));
    load(offsetof(seccomp_data, nr));
  }
  // Unless the call's first argument is `value`.
  void refuse_unless(long call, uint32_t value, int error) {
    jump_if_equal(static_cast<uint32_t>(call), 0, 4);
    load(offsetof(seccomp_data, args));
    jump_if_equal(value, 1, 0);
    give(SECCOMP_RET_ERRNO | static_cast<uint32_t>(error));
    load(offsetof(seccomp_data, nr));
  }
  bool put_in_force() {
    give(SECCOMP_RET_ALLOW);
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

 private:
  void load(size_t offset) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  }
  void jump_if_equal(uint32_t value, uint8_t yes, uint8_t no) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no));
  }
  void give(uint32_t verdict) {
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, verdict));
  }

  std::vector<sock_filter> code_;
};

bool filter_system_calls(const Limits& limits) {
  if (this_machine == 0) return false;
  SystemCallFilter filter;
  // It could open sockets behind the filter's back.
  filter.refuse(SYS_io_uring_setup, ENOSYS);
  if (limits.no_processes) {
#ifdef SYS_fork
    filter.refuse(SYS_fork, EPERM);
    filter.refuse(SYS_vfork, EPERM);
#endif
    filter.refuse(SYS_execve, EPERM);
    filter.refuse(SYS_execveat, EPERM);
    // The C library falls back to clone, whose flags can be seen.
    filter.refuse(SYS_clone3, ENOSYS);
    filter.refuse_without(SYS_clone, CLONE_THREAD, EPERM);
  }
  if (limits.no_network) filter.refuse_unless(SYS_socket, AF_UNIX, EACCES);
  return filter.put_in_force();
}

}  // namespace

const char* put_in_force(const Limits& limits) {
  constexpr uint64_t none = UINT64_MAX;
  if (limits.open_files != none && !limit(RLIMIT_NOFILE, limits.open_files, limits.open_files))
    return "the limit of open files";
  if (limits.cpu_seconds != none && !limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1))
    return "the limit of CPU seconds";
#ifndef SLUICE_SHADOW_MEMORY
  // The host looks at what is really in use; this stops what would run away between two looks. Stacks of
  // threads count here, hence the slack.
  constexpr uint64_t slack = uint64_t{64} << 20;
  if (limits.memory_bytes < none - slack &&
      !limit(RLIMIT_DATA, limits.memory_bytes + slack, limits.memory_bytes + slack))
    return "the limit of memory";
#endif
  if ((limits.no_processes || limits.no_network) && !filter_system_calls(limits))
    return "the ban of processes or network";
  return nullptr;
}

}  // namespace sluice::worker
