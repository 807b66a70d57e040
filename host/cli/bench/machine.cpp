#include "host/cli/bench/machine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

namespace sluice::bench {

namespace {

// `field : value` of /proc/cpuinfo.
std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      if (const size_t colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown";
}

// The type of the file system whose mount point is the longest beginning of `folder`.
std::string file_system(const std::string& folder) {
  std::ifstream in("/proc/self/mounts");
  std::string best, type = "unknown";
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string device, place, kind;
    words >> device >> place >> kind;
    const bool holds = place == "/" || folder == place || folder.starts_with(place + "/");
    if (!holds || place.size() < best.size()) continue;
    best = place;
    type = kind;
  }
  return type;
}

}  // namespace

boost::json::object describe_machine(const std::string& folder) {
  utsname system{};
  ::uname(&system);
  const auto pages = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES));
  return {{"processor", processor()},
          {"cores", std::thread::hardware_concurrency()},
          {"memoryBytes", pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))},
          {"kernel", std::string(system.sysname) + " " + system.release},
          {"filesystem", file_system(folder)}};
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm date{};
  ::gmtime_r(&now, &date);
  std::array<char, 16> text{};
  (void)std::strftime(text.data(), text.size(), "%Y-%m-%d", &date);
  return text.data();
}

}  // namespace sluice::bench
