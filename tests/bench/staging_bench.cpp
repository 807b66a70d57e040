// Staging alone: one writer, one reader, batches of 1 MiB, beside what limits it. Every way in turn in the
// same loop; what was read is compared with what was written. usage: sluice_staging_bench FOLDER [MiB]
// [ROUNDS]
#include <fcntl.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sluice/batch/frame_assembler.hpp"
#include "staging/files/posix_files.hpp"
#include "staging/memory/memory_provider.hpp"
#include "staging/mmap/mmap_provider.hpp"

namespace {

using namespace sluice;
using Clock = std::chrono::steady_clock;

constexpr uint64_t batch_bytes = uint64_t{1} << 20;
constexpr uint64_t frame_header = 192;
constexpr uint64_t first_lap = 64, commit_batches = 16;

struct Input {
  explicit Input(uint64_t mib) : count(mib + first_lap), block(batch_bytes / 8) {
    uint64_t word = 42;
    for (uint64_t& to : block) to = word = word * 6364136223846793005u + 1442695040888963407u;
    for (const uint64_t value : block) sum += value;
  }
  const uint64_t count;
  std::vector<uint64_t> block;
  uint64_t sum = 0;
};

uint64_t add_up(const void* data) {
  const auto* words = static_cast<const uint64_t*>(data);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < batch_bytes / 8; ++i) sum += words[i];
  return sum;
}

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}
void require(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error().message());
}

// Seconds from the moment when `begin` is set, which the reader does, to the end of both.
double in_two_threads(const std::function<void()>& write,
                      const std::function<void(Clock::time_point&)>& read) {
  auto begin = Clock::now();
  std::exception_ptr failure;
  std::thread writer([&] {
    try {
      write();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  read(begin);
  writer.join();
  if (failure) std::rethrow_exception(failure);
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The limit: a mapped file of 16 MiB used as a ring, with nothing but two counters.
double mapped_ring(const std::string& folder, const Input& input) {
  constexpr uint64_t ring = uint64_t{16} << 20, blocks = ring / batch_bytes;
  const std::string path = folder + "/ring";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  require(file >= 0 && posix_fallocate(file, 0, ring) == 0, "no room for the ring");
  auto* base =
      static_cast<char*>(mmap(nullptr, ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0));
  require(base != MAP_FAILED, "cannot map the ring");
  std::atomic<uint64_t> written{0}, read{0};
  uint64_t sum = 0;
  const double seconds = in_two_threads(
      [&] {
        for (uint64_t i = 0; i < input.count; ++i) {
          while (i - read.load(std::memory_order_acquire) >= blocks) std::this_thread::yield();
          std::memcpy(base + i % blocks * batch_bytes, input.block.data(), batch_bytes);
          written.store(i + 1, std::memory_order_release);
        }
      },
      [&](Clock::time_point& begin) {
        for (uint64_t i = 0; i < input.count; ++i) {
          if (i == first_lap) begin = Clock::now();
          while (written.load(std::memory_order_acquire) <= i) std::this_thread::yield();
          sum += add_up(base + i % blocks * batch_bytes);
          read.store(i + 1, std::memory_order_release);
        }
      });
  munmap(base, ring);
  close(file);
  unlink(path.c_str());
  require(sum == input.sum * input.count, "the ring lost something");
  return seconds;
}

double through(StagingProvider& provider, Durability durability, const Input& input) {
  StagingRequest request;
  request.durability = durability;
  request.max_bytes = uint64_t{64} << 20;
  request.max_batch_bytes = batch_bytes;
  std::unique_ptr<StagingSession> session;
  require(provider.open(request, session));
  uint64_t sum = 0;
  const double seconds = in_two_threads(
      [&] {
        for (uint64_t i = 0; i < input.count; ++i) {
          std::span<std::byte> room;
          require(session->writer(0).claim(frame_header + batch_bytes, room));
          std::memcpy(room.data() + frame_header, input.block.data(), batch_bytes);
          sluice::detail::FrameAssembler frame(room.data(), SLUICE_KIND_DOCUMENTS, 1);
          frame.header().sequence = i;
          frame.header().record_count = 1;
          frame.header().frame_size = frame_header + batch_bytes;
          std::memcpy(room.data(), &frame.header(), sizeof(sluice_frame_header));
          require(session->writer(0).publish(frame_header + batch_bytes));
        }
        require(session->writer(0).seal(SealedAs::finished));
      },
      [&](Clock::time_point& begin) {
        for (uint64_t i = 0;;) {
          if (i == first_lap) begin = Clock::now();
          auto kind = StagingReader::Next::nothing_yet;
          std::span<const std::byte> frame;
          require(session->reader(0).next(std::chrono::seconds(1), kind, frame));
          if (kind == StagingReader::Next::end) break;
          if (kind != StagingReader::Next::frame) continue;
          sum += add_up(frame.data() + frame_header);
          session->reader(0).release();
          if (++i % commit_batches == 0) require(session->reader(0).acknowledge(i - 1, {}));
        }
      });
  require(sum == input.sum * input.count, "staging lost something");
  return seconds;
}

// LMDB as a queue: a batch is one value, put and made durable by its own commit; the reader's place is where
// the writer deletes.
double lmdb(const std::string& folder, const Input& input) {
  const std::string path = folder + "/lmdb";
  std::filesystem::remove_all(path);
  std::filesystem::create_directory(path);
  MDB_env* env = nullptr;
  MDB_dbi table = 0;
  require(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, uint64_t{256} << 20) == 0 &&
              mdb_env_open(env, path.c_str(), 0, 0600) == 0,
          "LMDB does not open");
  MDB_txn* first = nullptr;
  require(mdb_txn_begin(env, nullptr, 0, &first) == 0 &&
              mdb_dbi_open(first, nullptr, MDB_INTEGERKEY, &table) == 0 && mdb_txn_commit(first) == 0,
          "LMDB has no table");
  std::atomic<uint64_t> written{0}, read{0};
  uint64_t sum = 0;
  const double seconds = in_two_threads(
      [&] {
        uint64_t deleted = 0;
        for (uint64_t i = 0; i < input.count; ++i) {
          while (i - read.load(std::memory_order_acquire) >= 32) std::this_thread::yield();
          MDB_txn* txn = nullptr;
          require(mdb_txn_begin(env, nullptr, 0, &txn) == 0, "LMDB begins no transaction");
          for (; deleted < read.load(std::memory_order_acquire); ++deleted) {
            MDB_val key{sizeof deleted, &deleted};
            require(mdb_del(txn, table, &key, nullptr) == 0, "LMDB does not delete");
          }
          MDB_val key{sizeof i, &i}, value{batch_bytes, const_cast<uint64_t*>(input.block.data())};
          require(mdb_put(txn, table, &key, &value, MDB_APPEND) == 0 && mdb_txn_commit(txn) == 0,
                  "LMDB does not put");
          written.store(i + 1, std::memory_order_release);
        }
      },
      [&](Clock::time_point& begin) {
        for (uint64_t i = 0; i < input.count; ++i) {
          if (i == first_lap) begin = Clock::now();
          while (written.load(std::memory_order_acquire) <= i) std::this_thread::yield();
          MDB_txn* txn = nullptr;
          MDB_val key{sizeof i, &i}, value{};
          require(
              mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) == 0 && mdb_get(txn, table, &key, &value) == 0,
              "LMDB does not get");
          sum += add_up(value.mv_data);
          mdb_txn_abort(txn);
          read.store(i + 1, std::memory_order_release);
        }
      });
  mdb_env_close(env);
  std::filesystem::remove_all(path);
  require(sum == input.sum * input.count, "LMDB lost something");
  return seconds;
}

struct Way {
  const char* name;
  std::function<double()> run;
  std::vector<double> seconds;
  double median() const {
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: sluice_staging_bench FOLDER [MiB] [ROUNDS]\n");
    return 2;
  }
  const std::string folder = std::filesystem::absolute(words[1]);
  const Input input(count > 2 ? std::strtoull(words[2], nullptr, 10) : 2048);
  const int rounds = count > 3 ? std::atoi(words[3]) : 5;
  try {
    std::filesystem::create_directories(folder);
    staging::PosixFiles files;
    staging::MemoryProvider memory;
    staging::MmapProvider mapped({.folder = folder + "/staging", .min_free = 0}, files);
    std::vector<Way> ways{{"limit: mapped ring of 16 MiB", [&] { return mapped_ring(folder, input); }, {}},
                          {"memory", [&] { return through(memory, Durability::memory, input); }, {}},
                          {"mmap, os", [&] { return through(mapped, Durability::os, input); }, {}},
                          {"mmap, disk", [&] { return through(mapped, Durability::disk, input); }, {}},
                          {"LMDB, its own commit", [&] { return lmdb(folder, input); }, {}}};
    // The first round warms caches and memory.
    for (int round = 0; round <= rounds; ++round)
      for (Way& way : ways) {
        const double seconds = way.run();
        if (round > 0) way.seconds.push_back(seconds);
      }
    const double gb = static_cast<double>((input.count - first_lap) * batch_bytes) / 1e9;
    std::printf("staging alone: %llu batches of 1 MiB, one writer, one reader, %d rounds after a warm-up\n",
                static_cast<unsigned long long>(input.count - first_lap), rounds);
    const double limit = ways[0].median(), rival = ways[4].median();
    for (const Way& way : ways)
      std::printf("%-32s %8.3f s %8.2f GB/s   %.2f of the limit, %.2f of LMDB\n", way.name, way.median(),
                  gb / way.median(), limit / way.median(), rival / way.median());
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "sluice_staging_bench: %s\n", failure.what());
    return 1;
  }
  std::filesystem::remove_all(folder);
  return 0;
}
