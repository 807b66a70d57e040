// A worker process: started, fed, watched, and ended. It runs one plugin's code, for one run.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/result.hpp"
#include "host/worker/channel.hpp"
#include "host/worker/worker_budget.hpp"
#include "host/worker/worker_death.hpp"
#include "sluice/abi/host.h"

namespace sluice::host {

// What a plugin's entry says once it is loaded.
struct LoadedEntry {
  uint32_t size = 0, abi_version = 0, abi_oldest = 0;
  bool aligned = false, create_source = false, create_sink = false, create_staging = false;
  std::string descriptor;
};

struct WorkerPlan {
  std::filesystem::path program;                  // the helper executable
  std::filesystem::path file;                     // the plugin, for errors
  int image = -1;                                 // descriptor of its private copy; borrowed for start()
  std::vector<std::filesystem::path> companions;  // libraries to load before it
  WorkerBudget budget;
  std::chrono::milliseconds load_timeout = std::chrono::seconds(10);
  std::function<void(std::string_view)> on_output;  // a line of its standard output or error; may be empty
};

class WorkerProcess {
 public:
  // Starts the process, has it load the plugin, and waits until it has. On failure: E_WORKER_START when there
  // is no process to be had or it ended before it touched the plugin, E_PLUGIN_LOAD with the loader's words,
  // or how the plugin ended it.
  static Result<std::unique_ptr<WorkerProcess>> start(WorkerPlan plan);
  // The same in two parts, so that several can start at once. `plan.image` is borrowed until ready()
  // returned.
  static Result<std::unique_ptr<WorkerProcess>> begin(WorkerPlan plan);
  Status ready();
  // Ends it, and whatever it started that is still in its group.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  const LoadedEntry& entry() const { return entry_; }
  const WorkerBudget& budget() const { return plan_.budget; }
  const std::string& file() const { return file_; }
  pid_t pid() const { return pid_; }

  // A new instance's channel; nothing when the worker is gone. `services` is called, from the thread that
  // watches, until close_instance() has returned. [any thread]
  bool open_instance(const sluice_host* services, Channel& channel, uint32_t& instance);
  void close_instance(uint32_t instance);
  // Tells the instance that it is cancelled; its call has stop_timeout to return. [any thread]
  void cancel(uint32_t instance, bool stopped);

  // Marks the time in which the plugin, and not the host, has the say in a call. [any thread]
  class InCall {
   public:
    explicit InCall(WorkerProcess& worker) : worker_(worker) { worker_.calls_.fetch_add(1); }
    ~InCall() { worker_.calls_.fetch_sub(1); }
    InCall(const InCall&) = delete;
    InCall& operator=(const InCall&) = delete;

   private:
    WorkerProcess& worker_;
  };

  bool alive() const;
  // Ends it for this reason. The first reason stands. [any thread]
  void end(WorkerEnd why);
  // Waits until the process is gone, which must be under way, and says why. [any thread]
  Error death(const std::string& during);

 private:
  explicit WorkerProcess(WorkerPlan plan) : plan_(std::move(plan)), file_(plan_.file.string()) {}

  enum class State : uint8_t { starting, loaded, refused, dead };
  using Clock = std::chrono::steady_clock;

  void watch();
  Status spawn();
  void send_first_words();
  void look_once();
  int patience() const;
  void take_control();
  void dispatch(const Received& message);
  void tell_services(Message kind, MessageReader& body);
  void answer_secret(const sluice_host& services, uint32_t request, std::string_view reference);
  bool take_output();
  void check_budget();
  void reap();
  void set(State state);
  void wake() const;
  bool send(Message kind, const MessageWriter& body, std::span<const int> descriptors = {});

  WorkerPlan plan_;
  const std::string file_;
  pid_t pid_ = -1;
  UniqueFd pidfd_, output_, wake_;
  Channel control_;  // received by the watching thread
  std::mutex send_mutex_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::starting;
  Status failure_;  // of starting
  LoadedEntry entry_;
  std::string loader_text_;
  bool plugin_ran_ = false;
  WorkerDeath death_;
  bool ending_ = false;

  std::mutex services_mutex_;
  std::map<uint32_t, const sluice_host*> services_;
  uint32_t next_instance_ = 0;

  std::atomic<uint32_t> calls_{0};
  std::atomic<int64_t> stop_by_{INT64_MAX};  // nanoseconds of Clock
  Clock::time_point began_ = Clock::now();
  std::string line_;
  uint32_t lines_told_ = 0;
  std::thread watcher_;
};

}  // namespace sluice::host
