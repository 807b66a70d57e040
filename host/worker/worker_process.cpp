#include "host/worker/worker_process.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "host/worker/process_look.hpp"
#include "host/worker/process_spawn.hpp"

namespace sluice::host {

namespace {

constexpr std::chrono::seconds time_to_go{2};    // from asking a worker to end to killing it
constexpr std::chrono::seconds time_to_die{10};  // from killing it to giving up on it

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(WorkerPlan plan) {
  Result<std::unique_ptr<WorkerProcess>> worker = begin(std::move(plan));
  if (!worker) return worker;
  if (Status status = (*worker)->ready(); !status.ok()) return std::move(status).take_error();
  return worker;
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::begin(WorkerPlan plan) {
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(std::move(plan)));
  worker->wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!worker->wake_)
    return Error(ErrorClass::transient, "E_WORKER_START", std::string("eventfd: ") + std::strerror(errno));
  try {
    worker->watcher_ = std::thread([&at = *worker] { at.watch(); });
  } catch (const std::system_error& failure) {
    return Error(ErrorClass::transient, "E_WORKER_START",
                 std::string("cannot start a thread: ") + failure.what());
  }
  return worker;
}

Status WorkerProcess::ready() {
  std::unique_lock lock(mutex_);
  const bool decided =
      changed_.wait_until(lock, began_ + plan_.load_timeout, [&] { return state_ != State::starting; });
  if (decided && state_ == State::loaded) return {};
  if (decided && !failure_.ok()) return failure_.error();
  if (decided && state_ == State::refused)
    return Error(ErrorClass::system, "E_PLUGIN_LOAD", loader_text_, file_);
  lock.unlock();
  if (!decided) end(WorkerEnd::hung);
  const Error error = death("");
  lock.lock();
  if (plugin_ran_) return error;
  return describe_failed_start(death_, plan_.program.string(), file_);
}

WorkerProcess::~WorkerProcess() {
  end(WorkerEnd::done);
  if (watcher_.joinable()) watcher_.join();
}

// [the watching thread] It starts the process too: the kernel sends a process its death signal when the
// thread that started it ends.
void WorkerProcess::watch() {
  if (Status started = spawn(); !started.ok()) {
    {
      const std::lock_guard lock(mutex_);
      failure_ = std::move(started);
    }
    return set(State::dead);
  }
  send_first_words();
  Clock::time_point asked_to_go{};
  bool killed = false;
  for (;;) {
    look_once();
    if (process_has_ended(pidfd_.get())) break;
    bool ending = false;
    WorkerEnd why{};
    {
      const std::lock_guard lock(mutex_);
      ending = ending_;
      why = death_.end;
    }
    if (!ending) continue;
    const auto now = Clock::now();
    if (asked_to_go == Clock::time_point{}) {
      asked_to_go = now;
      // Without its control channel a worker ends by itself, at once.
      const std::lock_guard lock(send_mutex_);
      control_.close();
    }
    const bool wait = why == WorkerEnd::done && now - asked_to_go < time_to_go;
    if (!wait && !killed) {
      (void)::kill(pid_, SIGKILL);
      killed = true;
    }
    if (killed && now - asked_to_go > time_to_go + time_to_die) break;
  }
  reap();
}

Status WorkerProcess::spawn() {
  SpawnedProcess spawned;
  if (Status status = spawn_worker(plan_.program, spawned); !status.ok()) return status;
  pid_ = spawned.pid;
  pidfd_ = std::move(spawned.pidfd);
  output_ = std::move(spawned.output);
  control_ = std::move(spawned.control);
  control_.wait_at_most(std::chrono::seconds(1));
  return {};
}

void WorkerProcess::send_first_words() {
  const WorkerBudget& budget = plan_.budget;
  constexpr uint64_t none = UINT64_MAX;
  MessageWriter limits;
  limits.u64(budget.memory_bytes.value_or(none)).u64(budget.cpu_seconds.value_or(none));
  limits.u64(budget.open_files.value_or(none));
  limits.u32(budget.processes.value_or(none) == 0 ? 1 : 0).u32(budget.network ? 0 : 1);
  MessageWriter load;
  load.text(plan_.file.filename().native()).u32(static_cast<uint32_t>(plan_.companions.size()));
  for (const auto& companion : plan_.companions) load.text(companion.native());
  const int image[] = {plan_.image};
  if (!send(Message::budget, limits) || !send(Message::load, load, image)) end(WorkerEnd::broken);
}

// One turn: waits for something to happen, and deals with it.
void WorkerProcess::look_once() {
  ProcessEvents events =
      wait_for_events(control_.socket(), output_.get(), pidfd_.get(), wake_.get(), patience());
  if (events.output && !take_output()) output_.reset();
  if (events.control) take_control();
  while (control_.socket() >= 0 && control_.buffered()) take_control();
  check_budget();
}

// Milliseconds until the next look at the budget.
int WorkerProcess::patience() const {
  const WorkerBudget& budget = plan_.budget;
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return 20;
    // What is allocated in a hurry shall be seen before the kernel's limit, a little above the budget, is.
    if (budget.memory_bytes && death_.memory_seen > *budget.memory_bytes / 2) return 5;
  }
  if (budget.memory_bytes || budget.processes.value_or(0) > 0) return 20;
  if (stop_by_.load() != INT64_MAX || budget.time) return 20;
  return -1;
}

void WorkerProcess::take_control() {
  Received message;
  if (control_.receive(message) == Channel::Got::message) return dispatch(message);
  // Its end will tell why, when it ends now.
  const std::lock_guard lock(send_mutex_);
  control_.close();
  stop_by_.store(0);
}

void WorkerProcess::dispatch(const Received& message) {
  MessageReader body = message.reader();
  switch (message.kind) {
    case Message::loaded: {
      LoadedEntry entry;
      entry.size = body.u32();
      entry.abi_version = body.u32();
      entry.abi_oldest = body.u32();
      entry.aligned = body.u32() != 0;
      const uint32_t functions = body.u32();
      entry.create_source = functions & 1u;
      entry.create_sink = functions & 2u;
      entry.create_staging = functions & 4u;
      entry.descriptor = body.text();
      {
        const std::lock_guard lock(mutex_);
        entry_ = std::move(entry);
      }
      return set(State::loaded);
    }
    case Message::loading: {
      const std::lock_guard lock(mutex_);
      plugin_ran_ = true;
      return;
    }
    case Message::load_failed: {
      {
        const std::lock_guard lock(mutex_);
        loader_text_ = body.text();
      }
      set(State::refused);
      return end(WorkerEnd::done);
    }
    case Message::log:
    case Message::metric:
    case Message::secret:
      return tell_services(message.kind, body);
    case Message::no_memory:
      return end(WorkerEnd::memory);
    default:
      return end(WorkerEnd::broken);
  }
}

void WorkerProcess::tell_services(Message kind, MessageReader& body) {
  const std::lock_guard lock(services_mutex_);
  const auto found = services_.find(body.u32());
  if (found == services_.end()) return;
  const sluice_host& services = *found->second;
  if (kind == Message::log) {
    const auto level = static_cast<int32_t>(body.u32());
    const std::string_view message = body.text(), fields = body.text();
    if (body.ok()) services.log(services.self, level, abi(message), abi(fields));
  } else if (kind == Message::metric) {
    const std::string_view name = body.text();
    const double value = body.f64();
    if (body.ok()) services.metric(services.self, abi(name), value);
  } else {
    const uint32_t request = body.u32();
    const std::string_view reference = body.text();
    if (body.ok()) answer_secret(services, request, reference);
  }
}

void WorkerProcess::answer_secret(const sluice_host& services, uint32_t request, std::string_view reference) {
  std::string value;
  const sluice_emit take{&value, [](void* self, sluice_str text) -> int32_t {
                           *static_cast<std::string*>(self) = view(text);
                           return 0;
                         }};
  sluice_error error = new_abi_error();
  const sluice_status status = services.secret(services.self, abi(reference), take, &error);
  MessageWriter answer;
  answer.u32(request).u32(static_cast<uint32_t>(status)).text(value);
  answer.text(error.code).text(error.message).text(error.where).text(error.hint);
  (void)send(Message::secret_reply, answer);
}

// False when there is nothing more to come.
bool WorkerProcess::take_output() {
  char block[4096];
  const ssize_t got = ::read(output_.get(), block, sizeof block);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  constexpr size_t kept = 1024, longest_line = 1024;
  constexpr uint32_t most_lines = 200;
  for (const char c : std::string_view(block, static_cast<size_t>(got))) {
    if (c != '\n' && line_.size() < longest_line) line_ += c;
    if (c != '\n') continue;
    if (plan_.on_output && !line_.empty() && lines_told_++ < most_lines) plan_.on_output(line_);
    const std::lock_guard lock(mutex_);
    if (!line_.empty()) death_.output.append(death_.output.empty() ? "" : " | ").append(line_);
    if (death_.output.size() > 2 * kept) death_.output.erase(0, death_.output.size() - kept);
    line_.clear();
  }
  return true;
}

void WorkerProcess::check_budget() {
  const WorkerBudget& budget = plan_.budget;
  const auto now = Clock::now();
  if (budget.time && now - began_ > *budget.time) end(WorkerEnd::time);
  if (budget.memory_bytes) {
    const uint64_t used = private_memory_of(pid_);
    bool over = false;
    {
      const std::lock_guard lock(mutex_);
      if (used > 0) death_.memory_seen = used;
      over = used > *budget.memory_bytes;
    }
    if (over) end(WorkerEnd::memory);
  }
  if (budget.processes.value_or(0) > 0 && processes_below(pid_, *budget.processes + 1) > *budget.processes)
    end(WorkerEnd::processes);
  if (now.time_since_epoch().count() > stop_by_.load() && calls_.load() > 0) {
    // A channel that closed by itself comes here too, and then the process usually is about to end.
    if (control_.socket() < 0 && process_ends_within(pidfd_.get(), std::chrono::milliseconds(500))) return;
    end(control_.socket() < 0 ? WorkerEnd::broken : WorkerEnd::deaf);
  }
}

void WorkerProcess::reap() {
  // What it started goes with it; its own number is not free before it is waited for.
  (void)::kill(-pid_, SIGKILL);
  int status = 0;
  rusage usage{};
  const pid_t got = ::wait4(pid_, &status, WNOHANG, &usage);
  // The pipe may be held open by what it started: only what is there now.
  for (int turns = 0; output_ && turns < 256; ++turns)
    if (const ProcessEvents left = wait_for_events(-1, output_.get(), -1, -1, 0);
        !left.output || !take_output())
      break;
  {
    const std::lock_guard lock(mutex_);
    death_.status_known = got == pid_;
    death_.status = status;
    death_.usage = usage;
    if (!line_.empty()) death_.output.append(death_.output.empty() ? "" : " | ").append(line_);
  }
  set(State::dead);
}

void WorkerProcess::set(State state) {
  {
    const std::lock_guard lock(mutex_);
    // How loading went stays known after the end.
    if (state_ != State::refused) state_ = state;
    if (state == State::dead) ending_ = true;
  }
  changed_.notify_all();
}

void WorkerProcess::wake() const {
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

bool WorkerProcess::send(Message kind, const MessageWriter& body, std::span<const int> descriptors) {
  const std::lock_guard lock(send_mutex_);
  return control_.send(kind, body, descriptors);
}

bool WorkerProcess::open_instance(const sluice_host* services, Channel& channel, uint32_t& instance) {
  Channel theirs;
  if (!Channel::pair(channel, theirs)) return false;
  {
    const std::lock_guard lock(services_mutex_);
    instance = next_instance_++;
    services_.emplace(instance, services);
  }
  const int descriptor[] = {theirs.socket()};
  if (send(Message::open, MessageWriter().u32(instance), descriptor)) return true;
  close_instance(instance);
  return false;
}

void WorkerProcess::close_instance(uint32_t instance) {
  const std::lock_guard lock(services_mutex_);
  services_.erase(instance);
}

void WorkerProcess::cancel(uint32_t instance, bool stopped) {
  (void)send(Message::cancel, MessageWriter().u32(instance).u32(stopped ? 1 : 0));
  int64_t never = INT64_MAX;
  const auto by = Clock::now() + plan_.budget.stop_timeout;
  stop_by_.compare_exchange_strong(never, by.time_since_epoch().count());
  wake();
}

bool WorkerProcess::alive() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::loaded && !ending_;
}

void WorkerProcess::end(WorkerEnd why) {
  {
    const std::lock_guard lock(mutex_);
    if (!ending_) death_.end = why;
    ending_ = true;
  }
  wake();
}

Error WorkerProcess::death(const std::string& during) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::seconds(2), [&] { return state_ == State::dead; })) {
    // It closed its channel and lives on.
    if (!ending_) death_.end = WorkerEnd::broken;
    ending_ = true;
    wake();
    changed_.wait_for(lock, time_to_die, [&] { return state_ == State::dead; });
  }
  return describe(death_, plan_.budget, during, file_);
}

}  // namespace sluice::host
