#define BOOST_TEST_MODULE plugin_sqlite
#include "sqlite_fixture.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <stdexcept>

namespace sluice::sqlite_test {

std::string error_code(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

Fixture::Fixture() {
  // In memory where there is such a folder: nothing here depends on how long a disk takes to sync.
  const std::filesystem::path memory = "/dev/shm";
  std::error_code ignored;
  const bool has_memory =
      std::filesystem::is_directory(memory, ignored) && ::access(memory.c_str(), W_OK) == 0;
  std::string name =
      ((has_memory ? memory : std::filesystem::temp_directory_path()) / "sluice-sqlite-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  folder = name;
  path = folder / "lake.db";
}

Fixture::~Fixture() {
  sqlite3_close_v2(connection_);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

std::string Fixture::config(std::string_view more) const {
  std::string out = "{\"path\":";
  Json::write_string(path.string(), out);
  if (!more.empty()) out.append(",").append(more);
  return out + "}";
}

sqlite3* Fixture::connection() {
  if (!connection_ && sqlite3_open(path.c_str(), &connection_) != SQLITE_OK)
    throw std::runtime_error("cannot open the test's own connection");
  return connection_;
}

void Fixture::execute(std::string_view sql) {
  if (sqlite3_exec(connection(), std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(connection()));
}

Lines Fixture::query(std::string_view sql) {
  Lines out;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection(), std::string(sql).c_str(), -1, &statement, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(connection()));
  int code = SQLITE_OK;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::string& line = out.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      if (i) line += '|';
      if (sqlite3_column_type(statement, i) == SQLITE_NULL) {
        line += "NULL";
      } else if (sqlite3_column_type(statement, i) == SQLITE_BLOB) {
        const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(statement, i));
        line += "x'";
        for (int j = 0; j < sqlite3_column_bytes(statement, i); ++j) {
          static constexpr char hex[] = "0123456789ABCDEF";
          line += hex[bytes[j] >> 4];
          line += hex[bytes[j] & 15];
        }
        line += '\'';
      } else {
        line += reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      }
    }
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(connection()));
  return out;
}

}  // namespace sluice::sqlite_test
