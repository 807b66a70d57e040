// A connection to one SQLite file and its statements, with errors as sluice::Error.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <sluice/error.hpp>
#include <sluice/host_services.hpp>

namespace sluice::sqlite {

// "name", safe to stand in SQL whatever it contains. E_CONFIG for names that SQLite cannot have.
std::string quoted(std::string_view name);

class Database;

// A prepared statement; must not outlive its database.
class Statement {
 public:
  Statement() = default;
  Statement(Database& database, std::string_view sql);

  explicit operator bool() const { return statement_ != nullptr; }

  // Parameters count from 1. Text and blobs are borrowed until the next reset() or bind.
  void bind_null(int index) { sqlite3_bind_null(get(), index); }
  void bind(int index, int64_t value) { sqlite3_bind_int64(get(), index, value); }
  void bind(int index, double value) { sqlite3_bind_double(get(), index, value); }
  // SQLITE_TOOBIG when the value is beyond SQLite's limit.
  int bind_text(int index, std::string_view value) {
    return sqlite3_bind_text64(get(), index, value.data() ? value.data() : "", value.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  int bind_blob(int index, std::string_view value) {
    return sqlite3_bind_blob64(get(), index, value.data() ? value.data() : "", value.size(), SQLITE_STATIC);
  }
  void clear_bindings() { sqlite3_clear_bindings(get()); }

  // True: a row stands in the columns. False: done, and reset for the next use. Throws on failure.
  bool step();
  // Runs to the end and resets; gives SQLite's (extended) result code instead of throwing.
  int run() noexcept;
  void reset() { sqlite3_reset(get()); }

  int type(int column) { return sqlite3_column_type(get(), column); }
  int64_t integer(int column) { return sqlite3_column_int64(get(), column); }
  double real(int column) { return sqlite3_column_double(get(), column); }
  // Bytes of text or blob; valid until the next step().
  std::string_view bytes(int column);

  sqlite3_stmt* get() const { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Database* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Opened once, closed by the destructor. One thread at a time, except interrupt().
class Database {
 public:
  struct Options {
    std::string path;
    std::string password;  // empty: none
    std::chrono::milliseconds busy_timeout{5000};
    bool read_only = false;
  };

  explicit Database(const HostServices& host) : host_(host) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  bool is_open() const { return handle_ != nullptr; }
  void open(const Options& options);

  void execute(std::string_view sql);
  // The first column of the first row as text; empty when there is no row.
  std::string query_text(std::string_view sql);

  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return options_.path; }

  // The failure that SQLite reported last, as an Error; `doing` says what for.
  [[noreturn]] void fail(int code, std::string_view doing) const;

  // [any thread] Ends the running statement with SQLITE_INTERRUPT.
  void interrupt() noexcept;

 private:
  static int busy(void* self, int count);
  void use_password();

  const HostServices host_;
  Options options_;
  std::mutex handle_mutex_;  // interrupt() against open() and close
  sqlite3* handle_ = nullptr;
  std::chrono::milliseconds waited_{0};  // for the lock that is wanted now
};

}  // namespace sluice::sqlite
