// RocksDB as a queue: a batch is one value. Only where librocksdb-dev is installed.
#include <array>

#include "queue.hpp"

#ifdef SLUICE_BENCH_ROCKSDB
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#endif

namespace sluice::bench {

#ifdef SLUICE_BENCH_ROCKSDB

namespace {

void require_ok(const rocksdb::Status& status) {
  require(status.ok(), "RocksDB: " + status.ToString());
}

// Keys in the order of their numbers.
std::string key_of(uint64_t number) {
  std::string key(8, '\0');
  for (size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(number >> (56 - 8 * i));
  return key;
}

class RocksStore final : public BatchStore {
 public:
  RocksStore(const std::string& folder, bool durable) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    rocksdb::DB* db = nullptr;
    require_ok(rocksdb::DB::Open(options, folder, &db));
    db_.reset(db);
    write_.sync = durable;
  }
  void put(uint64_t number, const void* batch, uint64_t oldest, uint64_t keep_from) override {
    rocksdb::WriteBatch changes;
    for (; oldest < keep_from; ++oldest) require_ok(changes.Delete(key_of(oldest)));
    require_ok(changes.Put(key_of(number), rocksdb::Slice(static_cast<const char*>(batch), batch_bytes)));
    require_ok(db_->Write(write_, &changes));
  }
  uint64_t sum_of(uint64_t number) override {
    rocksdb::PinnableSlice value;
    require_ok(db_->Get({}, db_->DefaultColumnFamily(), key_of(number), &value));
    require(value.size() == batch_bytes, "RocksDB does not get");
    std::vector<uint64_t> batch(batch_bytes / 8);
    std::memcpy(batch.data(), value.data(), batch_bytes);
    return add_up(batch.data());
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_;
};

}  // namespace

std::unique_ptr<BatchStore> open_rocksdb(const std::string& folder, bool durable) {
  return std::make_unique<RocksStore>(folder, durable);
}

#else

std::unique_ptr<BatchStore> open_rocksdb(const std::string&, bool) {
  return nullptr;
}

#endif

}  // namespace sluice::bench
