// What host and worker process say to each other. Both are built from the same tree and start each other, so
// the format has no version; what comes from a worker is outside data all the same: a plugin runs in it.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::host {

enum class Message : uint16_t {
  none = 0,

  // Control channel, host to worker. The worker ends when it closes.
  budget,  // u64 each, UINT64_MAX: none: memory bytes, cpu seconds, open files; u32: no processes, no network
  load,    // text name, u32 count, texts companions; descriptor: the plugin's copy
  open,    // u32 instance; descriptor: its channel
  cancel,  // u32 instance, u32: host says stop
  secret_reply,  // u32 request, status, text value or error

  // Control channel, worker to host.
  loading,      // from here on the plugin has the say
  loaded,       // u32 x5: size, abi_version, abi_oldest, aligned, create functions (bits); text descriptor
  load_failed,  // text: the loader's words
  log,          // u32 instance, u32 level, text message, text fields
  metric,       // u32 instance, text name, f64
  secret,       // u32 instance, u32 request, text reference
  no_memory,    // the memory budget is reached

  // Instance channel, host to worker: calls, one at a time. Each is answered by `done`, after any number of
  // the messages below.
  create,     // u32 role (0 source, 1 sink), text template, text config -> u32 functions there (bits)
  destroy,    // ->
  check,      // ->
  units,      // ->
  unit,       // text unit_id ->
  plan,       // read request, u32 max_slices ->
  merge,      // text ->
  read,       // read request, writer limits ->
  sink_open,  // write request ->
  write,      // place -> u64 x4: written, rejected, filtered, bytes
  commit,     // u32 final, text token -> u32 reached
  abort,      // ->
  // Answers to what the worker asks during a call.
  emitted,   // u32: not 0 to stop
  claimed,   // status, error, place
  answered,  // status, error

  // Instance channel, worker to host.
  emit,            // text -> emitted
  claim,           // u64 bytes -> claimed
  publish,         // u64 bytes; no answer: what is wrong with it the next claim tells
  abandon,         // no answer
  reject,          // text code, reason, where, value -> answered
  filter,          // u64; no answer
  expect,          // u64; no answer
  reject_written,  // u32 record, text code, text reason -> answered
  done,            // status, u32 threw, error, then the call's results
};

// A place in memory that both map: u64 region, u64 offset, u64 bytes, u64 region bytes; with a descriptor
// when the region is new to the receiver.
struct PlaceMessage {
  uint64_t region = 0, offset = 0, bytes = 0, region_bytes = 0;
};

constexpr uint32_t max_message_bytes = uint32_t{4} << 20;

class MessageWriter {
 public:
  MessageWriter& u32(uint32_t value) { return raw(&value, sizeof value); }
  MessageWriter& u64(uint64_t value) { return raw(&value, sizeof value); }
  MessageWriter& f64(double value) { return u64(std::bit_cast<uint64_t>(value)); }
  MessageWriter& text(std::string_view value) {
    u32(static_cast<uint32_t>(value.size()));
    return raw(value.data(), value.size());
  }
  MessageWriter& place(const PlaceMessage& value) { return raw(&value, sizeof value); }
  void append(const MessageWriter& more) { bytes_.append(more.bytes_); }
  std::string_view bytes() const { return bytes_; }

 private:
  MessageWriter& raw(const void* from, size_t size) {
    bytes_.append(static_cast<const char*>(from), size);
    return *this;
  }
  std::string bytes_;
};

// Reading past the end gives zeros and empty texts, and makes ok() false.
class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : left_(bytes) {}

  uint32_t u32() { return value<uint32_t>(); }
  uint64_t u64() { return value<uint64_t>(); }
  double f64() { return std::bit_cast<double>(u64()); }
  PlaceMessage place() { return value<PlaceMessage>(); }
  std::string_view text() {
    const uint32_t size = u32();
    if (size > left_.size()) return fail();
    const std::string_view out = left_.substr(0, size);
    left_.remove_prefix(size);
    return out;
  }
  bool ok() const { return ok_; }

 private:
  template <class T>
  T value() {
    T out{};
    if (left_.size() < sizeof out) {
      fail();
      return out;
    }
    std::memcpy(&out, left_.data(), sizeof out);
    left_.remove_prefix(sizeof out);
    return out;
  }
  std::string_view fail() {
    ok_ = false;
    left_ = {};
    return {};
  }

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace sluice::host
