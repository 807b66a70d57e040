// What the checks cost that every batch goes through, one by one, in one thread on a batch that stays in
// cache.
#include <chrono>
#include <cstring>

#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/seal.hpp"
#include "sluice/testing/frames.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t record_bytes = 250, frame_records = 1000;

}  // namespace

Workload checks(const Setting& setting) {
  std::string text;
  for (uint64_t i = 0; i < frame_records; ++i) text += std::string(record_bytes - 1, 'r') + "\n";
  const auto frame = std::make_shared<FrameBytes>(testing::chunk_frame(text));
  const uint64_t times = 4 * setting.bytes / frame->size();
  const double amount = static_cast<double>(times * frame->size()) / 1e9;
  Workload work{.name = "checks",
                .title = "What each check costs: a batch of 1,000 records of 250 bytes, in cache",
                .unit = "GB/s",
                .ways = {},
                .meaning =
                    "A batch is sealed once, its structure is looked at once, and it is verified before the "
                    "sink gets it. Reconciling the counts is a few additions a batch."};
  const auto add = [&](const char* name, const char* title, Role role, std::function<void(uint64_t)> body) {
    work.ways.push_back(
        {name, title, role, amount,
         role == Role::limit ? std::vector<std::string>{} : std::vector<std::string>{"memcpy"}, timed([=] {
           const auto begin = Clock::now();
           for (uint64_t i = 0; i < times; ++i) body(i);
           return std::chrono::duration<double>(Clock::now() - begin).count();
         })});
  };
  const auto copy = std::make_shared<FrameBytes>(*frame);
  add("memcpy", "memcpy", Role::limit, [=](uint64_t i) {
    (*frame)[8] = static_cast<std::byte>(i);
    std::memcpy(copy->data(), frame->data(), frame->size());
    // The copy must not be found needless.
    asm volatile("" : : "r"(copy->data()) : "memory");
  });
  const auto sealed = std::make_shared<FrameBytes>(testing::chunk_frame(text));
  add("seal", "checksum, when a batch is sealed", Role::product,
      [=](uint64_t i) { seal_frame(*sealed, i, 0, 0); });
  add("verify", "checksum, when it is verified", Role::product,
      [=](uint64_t) { require(verify_frame(*sealed)); });
  add("structure", "structure: every offset within bounds", Role::product,
      [=](uint64_t) { require(check_frame(*sealed)); });
  return work;
}

}  // namespace sluice::bench
