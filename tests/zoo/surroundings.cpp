#include "surroundings.hpp"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

namespace sluice::zoo {

namespace fs = std::filesystem;

namespace {

size_t entries(const char* folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// All but the one mapping that memory staging may keep for the next run.
size_t descriptors() {
  size_t all = 0, kept = 0;
  for (const auto& descriptor : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    ++all;
    if (fs::read_symlink(descriptor.path(), gone).string().find("memfd:sluice-staging") != std::string::npos)
      kept = 1;
  }
  return all - kept;
}

std::string dispositions() {
  std::string out;
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    out +=
        std::to_string(signal) + ":" + std::to_string(reinterpret_cast<uintptr_t>(action.sa_handler)) + " ";
  }
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < NSIG; ++signal)
    if (sigismember(&blocked, signal) == 1) out += " blocked " + std::to_string(signal);
  return out;
}

std::string state_of(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("State:")) return line.substr(7);
  return "gone";
}

std::set<std::string> children() {
  std::set<std::string> out;
  std::error_code error;
  for (const auto& task : fs::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(task.path() / "children");
    for (std::string pid; file >> pid;) out.insert(pid + " " + state_of(pid));
  }
  return out;
}

std::set<std::string> running(const fs::path& program) {
  std::set<std::string> out;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const std::string pid = process.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code gone;
    if (fs::read_symlink(process.path() / "exe", gone) == program) out.insert(pid);
  }
  return out;
}

std::vector<std::string> differences(const Surroundings& before, const Surroundings& now) {
  std::vector<std::string> out;
  const auto differ = [&](const char* what, const auto& was, const auto& is) {
    if (was != is) out.push_back(std::string(what) + " changed");
  };
  const auto count = [&](const char* what, size_t was, size_t is) {
    if (was != is) out.push_back(std::to_string(is) + " " + what + ", were " + std::to_string(was));
  };
  const auto more = [&](const char* what, const std::set<std::string>& was, const std::set<std::string>& is) {
    for (const std::string& one : is)
      if (!was.contains(one)) out.push_back(std::string(what) + " " + one + " is left");
  };
  differ("the working folder", before.folder, now.folder);
  differ("the umask", before.mask, now.mask);
  differ("what is done with signals", before.signals, now.signals);
  count("descriptors", before.descriptors, now.descriptors);
  count("threads", before.threads, now.threads);
  more("child", before.children, now.children);
  more("process", before.from_worker, now.from_worker);
  return out;
}

}  // namespace

Surroundings look_around(const fs::path& worker) {
  Surroundings now;
  std::error_code gone;
  now.folder = fs::current_path(gone);
  now.mask = ::umask(022);
  ::umask(now.mask);
  now.signals = dispositions();
  now.descriptors = descriptors();
  now.threads = entries("/proc/self/task");
  now.children = children();
  now.from_worker = running(worker);
  return now;
}

std::vector<std::string> changes_since(const Surroundings& before, const fs::path& worker) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  for (;;) {
    std::vector<std::string> out = differences(before, look_around(worker));
    if (out.empty() || std::chrono::steady_clock::now() > until) return out;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace sluice::zoo
