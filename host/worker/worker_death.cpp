#include "host/worker/worker_death.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace sluice::host {

namespace {

// As much of the output as fits a sluice_error beside the sentence.
constexpr size_t longest_output = 600;

std::string signal_text(int signal) {
  const char* name = sigabbrev_np(signal);
  std::string text = "signal " + std::to_string(signal);
  if (name) text += std::string(" (SIG") + name + ")";
  return text;
}

std::string mib(uint64_t bytes) {
  return std::to_string((bytes + (uint64_t{1} << 19)) >> 20) + " MiB";
}

std::string ms(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
}

std::string output_tail(const WorkerDeath& death) {
  if (death.output.empty()) return {};
  const size_t from = death.output.size() - std::min(death.output.size(), longest_output);
  return "; its output ended: " + death.output.substr(from);
}

struct Description {
  const char* code;
  std::string message, hint;
};

Description of_itself(const WorkerDeath& death, const WorkerBudget& budget) {
  const char* vendor = "report this to the plugin's vendor";
  const auto cpu = static_cast<uint64_t>(death.usage.ru_utime.tv_sec + death.usage.ru_stime.tv_sec);
  const bool by_signal = death.status_known && WIFSIGNALED(death.status);
  if (by_signal && budget.cpu_seconds &&
      (WTERMSIG(death.status) == SIGXCPU ||
       (WTERMSIG(death.status) == SIGKILL && cpu >= *budget.cpu_seconds)))
    return {"E_PLUGIN_CPU",
            "the plugin used up its budget of " + std::to_string(*budget.cpu_seconds) + " CPU seconds",
            "raise policy.isolation.budget.cpu"};
  if (by_signal) {
    std::string message = "the plugin crashed with " + signal_text(WTERMSIG(death.status));
    if (budget.memory_bytes && death.memory_seen > *budget.memory_bytes / 10 * 9)
      message += ", its memory budget of " + mib(*budget.memory_bytes) + " nearly used up";
    return {"E_PLUGIN_CRASHED", std::move(message), vendor};
  }
  if (!death.status_known)
    return {"E_PLUGIN_CRASHED",
            "the plugin's process ended; how is not known, since the embedding program took its status",
            vendor};
  return {"E_PLUGIN_EXITED",
          "the plugin ended its process with exit status " + std::to_string(WEXITSTATUS(death.status)),
          vendor};
}

Description of(const WorkerDeath& death, const WorkerBudget& budget) {
  switch (death.end) {
    case WorkerEnd::by_itself:
    case WorkerEnd::done:
      break;
    case WorkerEnd::hung:
      return {"E_PLUGIN_HUNG", "the plugin hung",
              "raise policy.isolation.budget.callTimeout, if it only needs longer"};
    case WorkerEnd::deaf:
      return {"E_PLUGIN_HUNG",
              "the plugin did not stop, " + ms(budget.stop_timeout) + " after it was asked to",
              "raise policy.isolation.budget.stopTimeout, if it only needs longer"};
    case WorkerEnd::memory:
      return {"E_PLUGIN_MEMORY",
              "the plugin used up its memory budget of " + mib(budget.memory_bytes.value_or(0)),
              "raise policy.isolation.budget.memory"};
    case WorkerEnd::time:
      return {
          "E_PLUGIN_TIME",
          "the plugin used up its time budget of " + ms(budget.time.value_or(std::chrono::milliseconds(0))),
          "raise policy.isolation.budget.time"};
    case WorkerEnd::processes:
      return {"E_PLUGIN_PROCESSES",
              "the plugin started more processes than its budget of " +
                  std::to_string(budget.processes.value_or(0)),
              "raise policy.isolation.budget.processes"};
    case WorkerEnd::broken:
      return {"E_PLUGIN_CRASHED", "the plugin's process broke its connection to the host",
              "report this to the plugin's vendor"};
  }
  return of_itself(death, budget);
}

}  // namespace

Error describe(const WorkerDeath& death, const WorkerBudget& budget, const std::string& during,
               const std::string& file) {
  Description is = of(death, budget);
  std::string message = std::move(is.message);
  if (!during.empty()) message += ", in " + during + "()";
  message += output_tail(death);
  return Error(ErrorClass::transient, is.code, std::move(message), file, std::move(is.hint));
}

Error describe_failed_start(const WorkerDeath& death, const std::string& program, const std::string& file) {
  std::string how = "it broke its connection to the host";
  if (death.end == WorkerEnd::hung)
    how = "it did not get so far in its time";
  else if (death.status_known && WIFSIGNALED(death.status))
    how = signal_text(WTERMSIG(death.status));
  else if (death.status_known)
    how = "exit status " + std::to_string(WEXITSTATUS(death.status));
  return Error(
      ErrorClass::transient, "E_WORKER_START",
      "the worker process " + program + " ended before it touched the plugin: " + how + output_tail(death),
      file, "install the sluice-worker that belongs to this host");
}

bool is_worker_loss(const Error& error) {
  constexpr std::array<std::string_view, 7> codes{"E_PLUGIN_CRASHED",  "E_PLUGIN_EXITED", "E_PLUGIN_HUNG",
                                                  "E_PLUGIN_MEMORY",   "E_PLUGIN_CPU",    "E_PLUGIN_TIME",
                                                  "E_PLUGIN_PROCESSES"};
  for (std::string_view code : codes)
    if (error.code() == code) return true;
  return false;
}

}  // namespace sluice::host
