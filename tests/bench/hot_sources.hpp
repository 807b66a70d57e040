// Sources and sinks called as the host calls them, with nothing of a host around them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/testing/fake_host.hpp"

namespace sluice::bench {

// Staging that forgets: one block, given out again and again.
class ForgetfulWriter {
 public:
  ForgetfulWriter() {
    table_ = {sizeof(sluice_writer),
              10'000,
              uint64_t{1} << 20,
              uint64_t{24} * 3600 * 1000,
              room_bytes,
              UINT64_MAX,
              UINT64_MAX,
              this,
              claim,
              publish,
              [](void*) {},
              reject,
              [](void*, uint64_t) {},
              [](void*, uint64_t) {}};
  }
  ForgetfulWriter(const ForgetfulWriter&) = delete;
  ForgetfulWriter& operator=(const ForgetfulWriter&) = delete;

  const sluice_writer* abi() const { return &table_; }
  uint64_t records() const { return records_; }

 private:
  static constexpr uint64_t room_bytes = uint64_t{4} << 20;
  struct Free {
    void operator()(std::byte* at) const { ::operator delete (at, std::align_val_t{SLUICE_FRAME_ALIGNMENT}); }
  };

  static sluice_status claim(void* self, uint64_t, sluice_span* out, sluice_error*) {
    auto& writer = *static_cast<ForgetfulWriter*>(self);
    *out = {reinterpret_cast<uint8_t*>(writer.room_.get()), room_bytes};
    return SLUICE_OK;
  }
  static sluice_status publish(void* self, uint64_t, sluice_error*) {
    auto& writer = *static_cast<ForgetfulWriter*>(self);
    sluice_frame_header header;
    std::memcpy(&header, writer.room_.get(), sizeof header);
    writer.records_ += header.record_count;
    return SLUICE_OK;
  }
  static sluice_status reject(void*, const sluice_rejection* rejection, sluice_error* error) {
    return to_abi(Error(ErrorClass::damaged, "E_BENCH", std::string(view(rejection->reason))), error);
  }

  sluice_writer table_{};
  const std::unique_ptr<std::byte, Free> room_{
      static_cast<std::byte*>(::operator new (room_bytes, std::align_val_t{SLUICE_FRAME_ALIGNMENT}))};
  uint64_t records_ = 0;
};

// Reads a unit to its end; gives the number of records. Throws Error.
template <class T>
uint64_t read_all(testing::FakeHost& host, const std::string& config, const std::string& unit,
                  std::string_view format) {
  sluice_source source{};
  testing::internal::call([&](sluice_error* error) {
    return sluice::detail::Entry<T>::create_source(host.abi(), abi(T::info.id), abi(config), &source, error);
  });
  sluice_read_request request{};
  request.size = sizeof request;
  request.slice_count = 1;
  request.unit_id = abi(unit);
  request.format = abi(format);
  request.run_id = abi("bench");
  ForgetfulWriter writer;
  testing::internal::call(
      [&](sluice_error* error) { return source.api->read(source.self, &request, writer.abi(), error); });
  source.api->destroy(source.self);
  return writer.records();
}

}  // namespace sluice::bench
