// What goes wrong, and the doing of it, for the source and the sink alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sluice/sdk.hpp>

namespace sluice::chaos {

enum class Action {
  none,
  fail,
  transient,
  throw_foreign,
  crash,
  abort,
  exit,
  hang,
  stall,
  malformed,
  lie,
  too_large,
  garbage_counts,
  reject,
};

class Fault {
 public:
  explicit Fault(const Context& context);

  Action action() const { return action_; }
  std::string_view name() const { return name_; }

  // Does what every endpoint can do: fails, waits or ends the process. `place` goes into the error. Returns
  // after a stall, after a transient failure's `times` are used up, and for actions that belong to one role.
  void perform(const std::string& place) const;

  // Refuses an action of the other role, so that a test does not wait for what will never happen.
  [[noreturn]] void refuse_in(std::string_view role) const;

 private:
  void hang(const std::string& place) const;
  bool transient_failure_left() const;

  const HostServices host_;
  std::string name_, key_;
  Action action_;
  uint64_t times_, stall_ms_;
  bool deaf_;
};

}  // namespace sluice::chaos
