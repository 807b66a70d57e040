// What a plugin may not change of the process that it is a guest of, and of the machine.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace sluice::zoo {

struct Surroundings {
  std::filesystem::path folder;  // that the process works in
  unsigned mask = 0;             // of new files' permissions
  std::string signals;           // what is done with each, and which are blocked
  size_t descriptors = 0, threads = 0;
  std::set<std::string> children;     // "pid state", zombies too
  std::set<std::string> from_worker;  // processes that run the worker program, whoever their parent is
};

// `worker`: a copy of the helper executable that nobody else uses.
Surroundings look_around(const std::filesystem::path& worker);

// What is different now, in words; waits a while for what ends by itself. Empty: nothing.
std::vector<std::string> changes_since(const Surroundings& before, const std::filesystem::path& worker);

}  // namespace sluice::zoo
