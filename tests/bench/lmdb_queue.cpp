// LMDB as a queue: a batch is one value.
#include <lmdb.h>

#include <filesystem>

#include "queue.hpp"

namespace sluice::bench {

namespace {

class LmdbStore final : public BatchStore {
 public:
  LmdbStore(const std::string& folder, bool durable) {
    require(mdb_env_create(&env_) == 0 && mdb_env_set_mapsize(env_, uint64_t{256} << 20) == 0 &&
                mdb_env_open(env_, folder.c_str(), durable ? 0 : MDB_NOSYNC, 0600) == 0,
            "LMDB does not open");
    MDB_txn* first = nullptr;
    require(mdb_txn_begin(env_, nullptr, 0, &first) == 0 &&
                mdb_dbi_open(first, nullptr, MDB_INTEGERKEY, &table_) == 0 && mdb_txn_commit(first) == 0,
            "LMDB has no table");
  }
  ~LmdbStore() override { mdb_env_close(env_); }
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  void put(uint64_t number, const void* batch, uint64_t oldest, uint64_t keep_from) override {
    MDB_txn* txn = nullptr;
    require(mdb_txn_begin(env_, nullptr, 0, &txn) == 0, "LMDB begins no transaction");
    for (; oldest < keep_from; ++oldest) {
      MDB_val key{sizeof oldest, &oldest};
      require(mdb_del(txn, table_, &key, nullptr) == 0, "LMDB does not delete");
    }
    MDB_val key{sizeof number, &number}, value{batch_bytes, const_cast<void*>(batch)};
    require(mdb_put(txn, table_, &key, &value, MDB_APPEND) == 0 && mdb_txn_commit(txn) == 0,
            "LMDB does not put");
  }
  uint64_t sum_of(uint64_t number) override {
    MDB_txn* txn = nullptr;
    MDB_val key{sizeof number, &number}, value{};
    require(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn) == 0 && mdb_get(txn, table_, &key, &value) == 0,
            "LMDB does not get");
    const uint64_t sum = add_up(value.mv_data);
    mdb_txn_abort(txn);
    return sum;
  }

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi table_ = 0;
};

}  // namespace

std::unique_ptr<BatchStore> open_lmdb(const std::string& folder, bool durable) {
  return std::make_unique<LmdbStore>(folder, durable);
}

}  // namespace sluice::bench
