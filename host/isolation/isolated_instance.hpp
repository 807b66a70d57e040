// What isolated sources and sinks have in common: an instance in a worker process, called by messages.
//
// One thread at a time, as the ABI says of instances; cancel() from any.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "host/isolation/bounce_buffer.hpp"
#include "host/isolation/isolation.hpp"
#include "host/worker/requests.hpp"

namespace sluice::host {

class IsolatedInstance {
 public:
  IsolatedInstance(Isolation& isolation, EndpointTemplatePtr of, std::string config, const sluice_host* host,
                   SharedPlaces places, bool sink)
      : isolation_(isolation),
        of_(std::move(of)),
        config_(std::move(config)),
        host_(host),
        places_(std::move(places)),
        sink_(sink) {}
  IsolatedInstance(const IsolatedInstance&) = delete;
  IsolatedInstance& operator=(const IsolatedInstance&) = delete;
  // Frees the instance in the worker, when it is there.
  ~IsolatedInstance();

  // Starts a worker, when there is none, and makes the instance in it.
  Status create();
  void cancel();

 protected:
  // Deals with what the worker sends during a call; false when it makes no sense.
  using Serve = std::function<bool(Received&)>;

  // One call, from its message to its answer, which is then in results(). A worker that ends or hangs
  // meanwhile is the call's error.
  sluice_status call(const char* name, Message kind, const MessageWriter& body, sluice_error* error,
                     const Serve& serve = {}, std::span<const int> descriptors = {});
  // For calls that stand alone: with another worker when the last one has ended.
  sluice_status call_anew(const char* name, Message kind, const MessageWriter& body, sluice_error* error,
                          const Serve& serve);
  MessageReader& results() { return results_; }
  // Answers an `emit` with what the caller's callback says.
  bool serve_emit(Received& message, sluice_emit out);
  bool answer(sluice_status status, const sluice_error& error);

  // How the worker is told of the bytes at `at`: where they are, or where a copy of them is. `descriptor` is
  // set when the worker needs it to map them.
  bool find_place(const std::byte* at, uint64_t bytes, PlaceMessage& place, UniqueFd& descriptor);
  bool place_in_bounce(uint64_t bytes, PlaceMessage& place, UniqueFd& descriptor);

  uint32_t functions() const { return functions_; }
  Channel& channel() { return channel_; }
  BounceBuffer& bounce() { return bounce_; }

 private:
  sluice_status lost(const char* name, sluice_error* error);
  sluice_status take_answer(const char* name, sluice_error* error);
  UniqueFd new_to_worker(uint64_t region, int descriptor);

  Isolation& isolation_;
  const EndpointTemplatePtr of_;
  const std::string config_;
  const sluice_host* const host_;
  const SharedPlaces places_;
  const bool sink_;

  std::shared_ptr<WorkerProcess> worker_;
  Channel channel_;
  uint32_t instance_ = 0, functions_ = 0;
  uint32_t unheeded_ = 0;  // answers since the plugin was told to stop
  Received message_;
  MessageReader results_{{}};
  std::set<uint64_t> known_regions_;
  BounceBuffer bounce_;
};

}  // namespace sluice::host
