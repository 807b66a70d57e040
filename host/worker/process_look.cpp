#include "host/worker/process_look.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sluice::host {

ProcessEvents wait_for_events(int control, int output, int pidfd, int wake, int ms) {
  pollfd at[] = {{control, POLLIN, 0}, {output, POLLIN, 0}, {pidfd, POLLIN, 0}, {wake, POLLIN, 0}};
  if (::poll(at, 4, ms) <= 0) return {};
  if (at[3].revents) {
    uint64_t count = 0;
    (void)!::read(wake, &count, sizeof count);
  }
  return {at[0].revents != 0, at[1].revents != 0, at[2].revents != 0};
}

bool process_has_ended(int pidfd) {
  return process_ends_within(pidfd, std::chrono::milliseconds(0));
}

bool process_ends_within(int pidfd, std::chrono::milliseconds time) {
  pollfd at{pidfd, POLLIN, 0};
  return ::poll(&at, 1, static_cast<int>(time.count())) > 0;
}

uint64_t private_memory_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  uint64_t all = 0, resident = 0, shared = 0;
  if (!(file >> all >> resident >> shared)) return 0;
  return (resident - std::min(resident, shared)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t processes_below(pid_t pid, uint64_t most) {
  uint64_t count = 0;
  std::vector<pid_t> look{pid};
  while (!look.empty() && count < most) {
    const std::string tasks = "/proc/" + std::to_string(look.back()) + "/task";
    look.pop_back();
    std::error_code error;
    for (std::filesystem::directory_iterator at(tasks, error), end; !error && at != end;
         at.increment(error)) {
      std::ifstream children(at->path() / "children");
      for (pid_t child = 0; count < most && children >> child; ++count) look.push_back(child);
    }
  }
  return count;
}

}  // namespace sluice::host
