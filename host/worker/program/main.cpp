// sluice-worker: a process that runs one plugin for one run of a host, which starts it and talks to it over
// the descriptor worker_control_descriptor. It ends with its host, whatever way that ends.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcntl.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "host/worker/program/instance.hpp"
#include "host/worker/program/limits.hpp"
#include "host/worker/program/plugin_library.hpp"
#include "host/worker/worker_descriptors.hpp"
#include "sluice/error.hpp"

namespace sluice::worker {
namespace {

using host::Message;
using host::MessageReader;
using host::MessageWriter;

// For the new handler, which gets no argument. Set once, before the plugin is there.
Control* control_of_process = nullptr;

void out_of_memory() {
  (void)control_of_process->send(Message::no_memory, MessageWriter());
  ::pause();  // the host ends this process
}

// Dies with the host's thread that started it, holds no other descriptor, can gain no privilege, and is the
// first to go when the machine runs out of memory.
bool tie_to_host(pid_t host) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != host) return false;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  (void)::close_range(host::worker_control_descriptor + 1, ~0u, 0);
  (void)::fcntl(host::worker_control_descriptor, F_SETFD, FD_CLOEXEC);
  if (FILE* score = std::fopen("/proc/self/oom_score_adj", "we")) {
    std::fputs("500", score);
    std::fclose(score);
  }
  return true;
}

class Worker {
 public:
  explicit Worker(Control& control) : control_(control) {}

  // Until the host closes the channel.
  void serve() {
    host::Received message;
    while (control_.receive(message) == host::Channel::Got::message) {
      MessageReader body = message.reader();
      switch (message.kind) {
        case Message::budget:
          take_budget(body);
          break;
        case Message::load:
          if (message.descriptors.empty()) return;
          load(message.descriptors.front().release(), body);
          break;
        case Message::open:
          if (!entry_ || message.descriptors.empty()) return;
          open(body.u32(), std::move(message.descriptors.front()));
          break;
        case Message::cancel: {
          const auto found = instances_.find(body.u32());
          const bool stopped = body.u32() != 0;
          if (found != instances_.end())
            if (const auto instance = found->second.lock()) instance->cancel(stopped);
          break;
        }
        case Message::secret_reply:
          control_.take_secret_reply(body);
          break;
        default:
          return;
      }
    }
  }

 private:
  void take_budget(MessageReader& body) {
    Limits limits;
    limits.memory_bytes = body.u64();
    limits.cpu_seconds = body.u64();
    limits.open_files = body.u64();
    limits.no_processes = body.u32() != 0;
    limits.no_network = body.u32() != 0;
    if (limits.memory_bytes != UINT64_MAX) {
      control_of_process = &control_;
      std::set_new_handler(&out_of_memory);
    }
    unenforced_ = put_in_force(limits);
  }

  void load(int image, MessageReader& body) {
    (void)body.text();
    std::vector<std::string> companions(std::min<uint32_t>(body.u32(), 256));
    for (std::string& companion : companions) companion = body.text();
    std::string words;
    if (unenforced_)
      words = std::string("this system does not let the worker enforce ") + unenforced_;
    else if (control_.send(Message::loading, MessageWriter()))
      entry_ = load_plugin(image, companions, words);
    if (!entry_) return (void)control_.send(Message::load_failed, MessageWriter().text(words));
    MessageWriter says;
    const bool aligned = reinterpret_cast<uintptr_t>(entry_) % alignof(sluice_plugin) == 0;
    sluice_plugin entry{};
    std::memcpy(&entry, entry_, sizeof entry.size);
    if (entry.size >= sizeof entry) std::memcpy(&entry, entry_, sizeof entry);
    says.u32(entry.size).u32(entry.abi_version).u32(entry.abi_oldest).u32(aligned ? 1 : 0);
    says.u32((entry.create_source ? 1u : 0) | (entry.create_sink ? 2u : 0) | (entry.create_staging ? 4u : 0));
    const bool readable = entry.descriptor.data && entry.descriptor.size <= SLUICE_DESCRIPTOR_MAX_BYTES;
    says.text(readable ? view(entry.descriptor) : std::string_view());
    (void)control_.send(Message::loaded, says);
  }

  void open(uint32_t id, host::UniqueFd socket) {
    std::erase_if(instances_, [](const auto& item) { return item.second.expired(); });
    auto instance = std::make_shared<Instance>(control_, *entry_, id, host::Channel(std::move(socket)));
    instances_[id] = instance;
    std::thread([instance] { instance->serve(); }).detach();
  }

  Control& control_;
  const sluice_plugin* entry_ = nullptr;
  const char* unenforced_ = nullptr;
  std::map<uint32_t, std::weak_ptr<Instance>> instances_;
};

}  // namespace
}  // namespace sluice::worker

int main(int count, char** arguments) {
  using namespace sluice;
  const long host = count == 2 ? std::strtol(arguments[1], nullptr, 10) : 0;
  int type = 0;
  socklen_t size = sizeof type;
  if (host <= 0 || getsockopt(host::worker_control_descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    std::fputs("sluice-worker is started by a Sluice host, not by hand.\n", stderr);
    return 2;
  }
  if (!worker::tie_to_host(static_cast<pid_t>(host))) _exit(3);
  worker::Control control{host::UniqueFd(host::worker_control_descriptor)};
  worker::Worker(control).serve();
  // Nothing of the plugin runs any more: neither its destructors nor its handlers.
  _exit(0);
}
