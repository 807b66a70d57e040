// SQLite as a queue: a batch is one row, in a write-ahead log.
#include <sqlite3.h>

#include "queue.hpp"

namespace sluice::bench {

namespace {

class Connection {
 public:
  Connection(const std::string& path, bool durable) {
    require(sqlite3_open(path.c_str(), &db_) == SQLITE_OK, "SQLite does not open");
    run("PRAGMA journal_mode=WAL");
    run(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF");
    sqlite3_busy_timeout(db_, 10'000);
  }
  ~Connection() { sqlite3_close_v2(db_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run(const char* sql) {
    require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK,
            std::string("SQLite: ") + sqlite3_errmsg(db_));
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK,
            std::string("SQLite: ") + sqlite3_errmsg(db_));
    return statement;
  }

 private:
  sqlite3* db_ = nullptr;
};

class SqliteStore final : public BatchStore {
 public:
  SqliteStore(const std::string& path, bool durable) : writer_(path, durable), reader_(path, durable) {
    writer_.run("CREATE TABLE batches (number INTEGER PRIMARY KEY, bytes BLOB)");
    put_ = writer_.prepare("INSERT INTO batches VALUES (?, ?)");
    delete_ = writer_.prepare("DELETE FROM batches WHERE number < ?");
    get_ = reader_.prepare("SELECT bytes FROM batches WHERE number = ?");
  }
  ~SqliteStore() override {
    for (sqlite3_stmt* statement : {put_, delete_, get_}) sqlite3_finalize(statement);
  }
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  void put(uint64_t number, const void* batch, uint64_t oldest, uint64_t keep_from) override {
    writer_.run("BEGIN IMMEDIATE");
    if (oldest < keep_from) {
      sqlite3_bind_int64(delete_, 1, static_cast<int64_t>(keep_from));
      require(sqlite3_step(delete_) == SQLITE_DONE, "SQLite does not delete");
      sqlite3_reset(delete_);
    }
    sqlite3_bind_int64(put_, 1, static_cast<int64_t>(number));
    sqlite3_bind_blob(put_, 2, batch, static_cast<int>(batch_bytes), SQLITE_STATIC);
    require(sqlite3_step(put_) == SQLITE_DONE, "SQLite does not put");
    sqlite3_reset(put_);
    writer_.run("COMMIT");
  }
  uint64_t sum_of(uint64_t number) override {
    sqlite3_bind_int64(get_, 1, static_cast<int64_t>(number));
    require(
        sqlite3_step(get_) == SQLITE_ROW && sqlite3_column_bytes(get_, 0) == static_cast<int>(batch_bytes),
        "SQLite does not get");
    // The blob need not be aligned.
    std::vector<uint64_t> batch(batch_bytes / 8);
    std::memcpy(batch.data(), sqlite3_column_blob(get_, 0), batch_bytes);
    sqlite3_reset(get_);
    return add_up(batch.data());
  }

 private:
  Connection writer_, reader_;
  sqlite3_stmt *put_ = nullptr, *delete_ = nullptr, *get_ = nullptr;
};

}  // namespace

std::unique_ptr<BatchStore> open_sqlite(const std::string& folder, bool durable) {
  return std::make_unique<SqliteStore>(folder + "/queue.db", durable);
}

}  // namespace sluice::bench
