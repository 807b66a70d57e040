// Staging alone: batches of 1 MiB from one writer to one reader, beside plain rings and stores used as
// queues.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <memory>

#include "queue.hpp"
#include "sluice/batch/frame_assembler.hpp"
#include "staging/files/posix_files.hpp"
#include "staging/memory/memory_provider.hpp"
#include "staging/mmap/mmap_provider.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t frame_header = 192, commit_batches = 16, ring_bytes = uint64_t{16} << 20;

// The limit: memory used as a ring, with nothing but two counters. With a file, its pages are mapped and
// touched.
double plain_ring(const std::string& file_path, const Batches& batches) {
  constexpr uint64_t blocks = ring_bytes / batch_bytes;
  int flags = MAP_SHARED | MAP_POPULATE, file = -1;
  if (file_path.empty()) {
    flags |= MAP_ANONYMOUS;
  } else {
    file = ::open(file_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(file >= 0 && ::posix_fallocate(file, 0, ring_bytes) == 0, "no room for the ring");
  }
  auto* base = static_cast<char*>(::mmap(nullptr, ring_bytes, PROT_READ | PROT_WRITE, flags, file, 0));
  require(base != MAP_FAILED, "cannot map the ring");
  std::atomic<uint64_t> written{0}, read{0};
  uint64_t sum = 0;
  const double seconds = in_two_threads(
      [&] {
        for (uint64_t i = 0; i < batches.count; ++i) {
          while (i - read.load(std::memory_order_acquire) >= blocks) std::this_thread::yield();
          std::memcpy(base + i % blocks * batch_bytes, batches.block.data(), batch_bytes);
          written.store(i + 1, std::memory_order_release);
        }
      },
      [&](TimePoint& begin) {
        for (uint64_t i = 0; i < batches.count; ++i) {
          if (i == first_lap) begin = std::chrono::steady_clock::now();
          while (written.load(std::memory_order_acquire) <= i) std::this_thread::yield();
          sum += add_up(base + i % blocks * batch_bytes);
          read.store(i + 1, std::memory_order_release);
        }
      });
  ::munmap(base, ring_bytes);
  if (file >= 0) ::close(file);
  if (file >= 0) ::unlink(file_path.c_str());
  require(sum == batches.sum * batches.count, "the ring lost something");
  return seconds;
}

void write_frames(StagingWriter& writer, const Batches& batches) {
  for (uint64_t i = 0; i < batches.count; ++i) {
    std::span<std::byte> room;
    require(writer.claim(frame_header + batch_bytes, room));
    std::memcpy(room.data() + frame_header, batches.block.data(), batch_bytes);
    sluice::detail::FrameAssembler frame(room.data(), SLUICE_KIND_DOCUMENTS, 1);
    frame.header().sequence = i;
    frame.header().record_count = 1;
    frame.header().frame_size = frame_header + batch_bytes;
    std::memcpy(room.data(), &frame.header(), sizeof(sluice_frame_header));
    require(writer.publish(frame_header + batch_bytes));
  }
  require(writer.seal(SealedAs::finished));
}

uint64_t read_frames(StagingReader& reader, TimePoint& begin) {
  uint64_t sum = 0;
  for (uint64_t i = 0;;) {
    if (i == first_lap) begin = std::chrono::steady_clock::now();
    auto kind = StagingReader::Next::nothing_yet;
    std::span<const std::byte> frame;
    require(reader.next(std::chrono::seconds(1), kind, frame));
    if (kind == StagingReader::Next::end) return sum;
    if (kind != StagingReader::Next::frame) continue;
    sum += add_up(frame.data() + frame_header);
    reader.release();
    if (++i % commit_batches == 0) require(reader.acknowledge(i - 1, {}));
  }
}

double through_staging(StagingProvider& provider, Durability durability, const Batches& batches) {
  StagingRequest request;
  request.durability = durability;
  request.max_bytes = uint64_t{64} << 20;
  request.max_batch_bytes = batch_bytes;
  std::unique_ptr<StagingSession> session;
  require(provider.open(request, session));
  uint64_t sum = 0;
  const double seconds =
      in_two_threads([&] { write_frames(session->writer(0), batches); },
                     [&](TimePoint& begin) { sum = read_frames(session->reader(0), begin); });
  require(sum == batches.sum * batches.count, "staging lost something");
  return seconds;
}

using OpenStore = std::unique_ptr<BatchStore> (*)(const std::string&, bool);

double through_store(OpenStore open, const std::string& folder, bool durable, const Batches& batches) {
  fs::remove_all(folder);
  fs::create_directory(folder);
  double seconds = 0;
  {
    const std::unique_ptr<BatchStore> store = open(folder, durable);
    std::atomic<uint64_t> written{0}, read{0};
    uint64_t sum = 0;
    seconds = in_two_threads(
        [&] {
          for (uint64_t i = 0, oldest = 0; i < batches.count; ++i) {
            while (i - read.load(std::memory_order_acquire) >= queue_depth) std::this_thread::yield();
            const uint64_t keep_from = read.load(std::memory_order_acquire);
            store->put(i, batches.block.data(), oldest, keep_from);
            oldest = keep_from;
            written.store(i + 1, std::memory_order_release);
          }
        },
        [&](TimePoint& begin) {
          for (uint64_t i = 0; i < batches.count; ++i) {
            if (i == first_lap) begin = std::chrono::steady_clock::now();
            while (written.load(std::memory_order_acquire) <= i) std::this_thread::yield();
            sum += store->sum_of(i);
            read.store(i + 1, std::memory_order_release);
          }
        });
    require(sum == batches.sum * batches.count, "the store lost something");
  }
  fs::remove_all(folder);
  return seconds;
}

// Lives as long as the ways that use it.
struct Providers {
  explicit Providers(const std::string& folder) : mapped({.folder = folder, .min_free = 0}, files) {}
  staging::PosixFiles files;
  staging::MemoryProvider memory;
  staging::MmapProvider mapped;
};

}  // namespace

Workload staging_alone(const Setting& setting) {
  const uint64_t measured = setting.bytes / batch_bytes;
  const auto batches = std::make_shared<const Batches>(measured);
  const auto providers = std::make_shared<Providers>(setting.folder() + "/staging-alone");
  const double amount = static_cast<double>(measured * batch_bytes) / 1e9;
  Workload work{.name = "staging",
                .title = "Staging alone: batches of 1 MiB, one writer, one reader",
                .unit = "GB/s",
                .ways = {},
                .meaning =
                    "What the buffer costs between two threads; every batch is read. Rings recycle 16 MiB; "
                    "stores delete what was read."};
  const auto add = [&](const char* name, const char* title, Role role, std::vector<std::string> beside,
                       std::function<double()> body, std::string how = {}, std::string absent = {}) {
    work.ways.push_back({name, title, role, amount, std::move(beside), timed(std::move(body)), std::move(how),
                         std::move(absent)});
  };
  const std::string folder = setting.folder();
  add("ring-memory", "plain ring in memory", Role::limit, {}, [=] { return plain_ring({}, *batches); });
  add("ring-mapped", "plain ring in a mapped file", Role::limit, {},
      [=] { return plain_ring(folder + "/ring", *batches); });
  add("memory", "memory", Role::product, {"ring-memory"},
      [=] { return through_staging(providers->memory, Durability::memory, *batches); });
  add("mmap-os", "mmap os", Role::product, {"ring-mapped", "lmdb"},
      [=] { return through_staging(providers->mapped, Durability::os, *batches); });
  add("mmap-disk", "mmap disk", Role::product, {"lmdb-disk"},
      [=] { return through_staging(providers->mapped, Durability::disk, *batches); });
  struct Store {
    const char *name, *title;
    OpenStore open;
    const char *fast, *durable;
  };
  for (const Store& store :
       {Store{"lmdb", "LMDB", open_lmdb, "MDB_NOSYNC, a commit a batch", "a commit a batch, synced by LMDB"},
        Store{"rocksdb", "RocksDB", open_rocksdb, "no compression, sync off", "no compression, sync on"},
        Store{"sqlite", "SQLite", open_sqlite, "WAL, synchronous OFF", "WAL, synchronous FULL"}})
    for (const bool durable : {false, true}) {
      const std::string name = std::string(store.name) + (durable ? "-disk" : "");
      const std::string title = std::string(store.title) + (durable ? ", to disk" : ", not synced");
#ifdef SLUICE_BENCH_ROCKSDB
      const char* absent = "";
#else
      const char* absent = store.open == open_rocksdb ? "not built in: librocksdb-dev was not installed" : "";
#endif
      add(
          name.c_str(), title.c_str(), Role::peer, {},
          [=, open = store.open] { return through_store(open, folder + "/queue", durable, *batches); },
          durable ? store.durable : store.fast, absent);
    }
  return work;
}

}  // namespace sluice::bench
