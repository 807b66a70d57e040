#include "fault.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sluice::chaos {

namespace {

constexpr std::array<std::pair<std::string_view, Action>, 14> actions{{
    {"none", Action::none},
    {"fail", Action::fail},
    {"transient", Action::transient},
    {"throw", Action::throw_foreign},
    {"crash", Action::crash},
    {"abort", Action::abort},
    {"exit", Action::exit},
    {"hang", Action::hang},
    {"stall", Action::stall},
    {"malformed", Action::malformed},
    {"lie", Action::lie},
    {"too-large", Action::too_large},
    {"garbage-counts", Action::garbage_counts},
    {"reject", Action::reject},
}};

Action action_from(std::string_view name) {
  for (const auto& [known, action] : actions)
    if (known == name) return action;
  throw Error(ErrorClass::config, "E_CONFIG", "chaos has no action \"" + std::string(name) + "\"");
}

uint64_t not_negative(const Json& config, std::string_view key, int64_t fallback) {
  const int64_t value = config.integer(key, fallback);
  if (value < 0) throw Error(ErrorClass::config, "E_CONFIG", "\"" + std::string(key) + "\" is negative");
  return static_cast<uint64_t>(value);
}

}  // namespace

Fault::Fault(const Context& context)
    : host_(context.host()),
      name_(context.config().string("action", "none")),
      key_(context.config().string("key", "")),
      action_(action_from(name_)),
      times_(not_negative(context.config(), "times", 1)),
      stall_ms_(not_negative(context.config(), "stallMs", 1000)),
      deaf_(context.config().boolean("deaf", false)) {}

void Fault::perform(const std::string& place) const {
  switch (action_) {
    case Action::fail:
      throw Error(ErrorClass::system, "E_CHAOS", "chaos failed on demand", place)
          .try_this("set \"action\" to none");
    case Action::transient:
      if (transient_failure_left())
        throw Error(ErrorClass::transient, "E_CHAOS_TRANSIENT", "chaos failed on demand, for now", place)
            .try_this("try again");
      return;
    case Action::throw_foreign:
      throw std::runtime_error("chaos threw on demand at " + place);
    case Action::crash:
      std::raise(SIGSEGV);
      std::abort();  // where a handler came back
    case Action::abort:
      std::abort();
    case Action::exit:
      std::exit(0);
    case Action::hang:
      return hang(place);
    case Action::stall:
      if (host_.wait(std::chrono::milliseconds(stall_ms_))) host_.throw_if_cancelled();
      return;
    default:
      return;
  }
}

void Fault::hang(const std::string& place) const {
  static constexpr std::chrono::milliseconds step(3'600'000);
  while (deaf_) std::this_thread::sleep_for(step);
  while (!host_.wait(step)) {
  }
  throw Error(ErrorClass::cancelled, "E_CANCELLED", "chaos hung on demand until it was cancelled", place);
}

// Counted for the whole process, since a retry of the run makes a new instance.
bool Fault::transient_failure_left() const {
  static std::mutex mutex;
  static std::map<std::string, uint64_t> failures;
  const std::lock_guard lock(mutex);
  uint64_t& failed = failures[key_];
  if (failed >= times_) return false;
  ++failed;
  return true;
}

void Fault::refuse_in(std::string_view role) const {
  throw Error(ErrorClass::config, "E_CONFIG",
              "the chaos " + std::string(role) + " has no action \"" + name_ + "\"")
      .try_this("the descriptor says which actions belong to which role");
}

}  // namespace sluice::chaos
