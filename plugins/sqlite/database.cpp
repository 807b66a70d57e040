#include "database.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

namespace sluice::sqlite {

std::string quoted(std::string_view name) {
  if (name.find('\0') != std::string_view::npos)
    throw Error(ErrorClass::config, "E_CONFIG", "a name with a NUL byte cannot be used in SQLite");
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  if (code != SQLITE_OK) database.fail(code, "prepare a statement");
}

bool Statement::step() {
  const int code = sqlite3_step(get());
  if (code == SQLITE_ROW) return true;
  const int reset_code = sqlite3_reset(get());
  if (code == SQLITE_DONE) return false;
  database_->fail(reset_code, "run a statement");
}

int Statement::run() noexcept {
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(get());
  const int reset_code = sqlite3_reset(get());
  return code == SQLITE_DONE ? SQLITE_OK : reset_code;
}

std::string_view Statement::bytes(int column) {
  const void* data =
      type(column) == SQLITE_BLOB ? sqlite3_column_blob(get(), column) : sqlite3_column_text(get(), column);
  const int size = sqlite3_column_bytes(get(), column);
  return data ? std::string_view(static_cast<const char*>(data), static_cast<size_t>(size))
              : std::string_view();
}

Database::~Database() {
  const std::lock_guard lock(handle_mutex_);
  sqlite3_close_v2(handle_);
}

void Database::open(const Options& options) {
  options_ = options;
  sqlite3* handle = nullptr;
  const int flags = options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  // One thread uses the connection at a time, and interrupt() may come from any: a mutex in each of SQLite's
  // calls would cost a sixth of the inserts.
  const int code = sqlite3_open_v2(options.path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  {
    const std::lock_guard lock(handle_mutex_);
    sqlite3_close_v2(handle_);
    handle_ = handle;
  }
  if (!handle) throw std::bad_alloc();
  sqlite3_extended_result_codes(handle, 1);
  if (code != SQLITE_OK) fail(code, "open the database");
  sqlite3_busy_handler(handle, busy, this);
  if (!options.password.empty()) use_password();
  // The first thing that reads the file: a missing right or a file that is no database shows here.
  query_text("SELECT count(*) FROM sqlite_schema");
}

// Waits through the host, so that cancellation ends it.
int Database::busy(void* self, int count) {
  static constexpr std::chrono::milliseconds step(10);
  auto& database = *static_cast<Database*>(self);
  if (count == 0) database.waited_ = std::chrono::milliseconds(0);
  if (database.waited_ >= database.options_.busy_timeout) return 0;
  const auto wait = std::min(step, database.options_.busy_timeout - database.waited_);
  database.waited_ += wait;
  return database.host_.wait(wait) ? 0 : 1;
}

void Database::use_password() {
  if (query_text("PRAGMA cipher_version").empty())
    throw Error(ErrorClass::config, "E_CONFIG",
                "a password is set, and this SQLite library cannot encrypt; nothing was opened")
        .at(options_.path)
        .try_this("remove \"password\", or install SQLCipher as the system's libsqlite3");
  std::string literal;
  for (char c : options_.password) {
    if (c == '\'') literal += '\'';
    literal += c;
  }
  execute("PRAGMA key = '" + literal + "'");
}

void Database::execute(std::string_view sql) {
  Statement statement(*this, sql);
  if (const int code = statement.run(); code != SQLITE_OK) fail(code, "run a statement");
}

std::string Database::query_text(std::string_view sql) {
  Statement statement(*this, sql);
  return statement.step() ? std::string(statement.bytes(0)) : std::string();
}

void Database::fail(int code, std::string_view doing) const {
  const std::string reason = sqlite3_errmsg(handle_);
  const std::string sentence = "cannot " + std::string(doing) + ": " + reason;
  const auto error = [&](ErrorClass cls, const char* name, const char* hint = "") {
    return Error(cls, name, sentence, options_.path, hint);
  };
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      host_.throw_if_cancelled();
      throw error(ErrorClass::transient, "E_SQLITE_BUSY",
                  "another connection holds the lock; raise busyTimeout if it keeps it for long");
    case SQLITE_INTERRUPT:
      throw error(ErrorClass::cancelled, "E_CANCELLED");
    case SQLITE_FULL:
      throw error(ErrorClass::transient, "E_DISK_FULL", "free some space on the disk of the database");
    case SQLITE_IOERR:
      if (sqlite3_system_errno(handle_) == ENOSPC || sqlite3_system_errno(handle_) == EDQUOT)
        throw error(ErrorClass::transient, "E_DISK_FULL", "free some space on the disk of the database");
      throw error(ErrorClass::system, "E_SQLITE_IO");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      throw error(ErrorClass::system, "E_FILE_OPEN", "look at the path and at the rights of file and folder");
    case SQLITE_READONLY:
      throw error(ErrorClass::system, "E_FILE_OPEN", "the file or its folder may not be written");
    case SQLITE_NOTADB:
      throw error(ErrorClass::config, "E_SQLITE_NOT_A_DATABASE", "the file is something else, or encrypted");
    case SQLITE_CORRUPT:
      throw error(ErrorClass::damaged, "E_SQLITE_CORRUPT", "try `sqlite3 FILE .recover`");
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    default:
      throw error(ErrorClass::system, "E_SQLITE");
  }
}

void Database::interrupt() noexcept {
  const std::lock_guard lock(handle_mutex_);
  if (handle_) sqlite3_interrupt(handle_);
}

}  // namespace sluice::sqlite
