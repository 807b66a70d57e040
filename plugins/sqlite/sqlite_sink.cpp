#include "sqlite_sink.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "calendar.hpp"
#include "document_rows.hpp"
#include "table_rows.hpp"
#include "table_target.hpp"
#include "unit_ledger.hpp"

namespace sluice::sqlite {

SqliteSink::SqliteSink(const Context& context)
    : host_(context.host()), settings_(context), database_(context.host()) {}

SqliteSink::~SqliteSink() {
  roll_back();
}

std::optional<Json> SqliteSink::open(const WriteRequest& request) {
  request_ = request;
  if (!request.tables && !settings_.document_layout && !request.content_type.empty() &&
      request.content_type.find("json") == std::string::npos)
    throw Error(ErrorClass::config, "E_CONFIG",
                "documents of " + request.content_type + " have no keys that could become columns")
        .at(settings_.path)
        .try_this("set \"layout\" to document");
  database_.open(settings_.options(false));
  // A write-ahead log lets others read while a run writes, and makes a commit one append. With NORMAL a
  // commit is in the kernel's hands: it survives the process, and a power loss takes the last commits back as
  // a whole. FULL syncs the log at each commit.
  database_.execute("PRAGMA journal_mode = WAL");
  database_.execute(request.to_disk ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  const std::string table = settings_.table.empty() ? table_for_unit(request.unit_id) : settings_.table;
  target_ = std::make_unique<TableTarget>(database_, table, settings_.key);
  ledger_ = std::make_unique<UnitLedger>(database_, table);
  documents_ = std::make_unique<DocumentRows>(*target_);
  // A transaction of its own: nothing is locked afterwards. Whoever was opened before and stands in a
  // transaction holds the lock, so it either commits before this or finds in begin() that it is fenced. One
  // that never ends its transaction makes this wait for busyTimeout and fail as transient, run after run,
  // until its process ends: SQLite has no way to take a lock from another.
  try {
    database_.execute("BEGIN IMMEDIATE");
    ledger_->create();
    take_over();
    std::optional<Json> token = ledger_->token(request.unit_key);
    database_.execute("COMMIT");
    return token;
  } catch (...) {
    roll_back();
    throw;
  }
}

// From here on, whoever opened the table for this unit before commits no more.
void SqliteSink::take_over() {
  UnitLedger::Fence fence = ledger_->fence(request_.unit_key);
  if (request_.epoch && fence.epoch > request_.epoch)
    throw Error(ErrorClass::config, "E_FENCED",
                "an attempt at unit \"" + request_.unit_id + "\" with epoch " + std::to_string(fence.epoch) +
                    " has opened table \"" + target_->name() + "\"; epoch " + std::to_string(request_.epoch) +
                    " comes too late")
        .at(settings_.path)
        .try_this("let the later attempt finish, or give a higher epoch");
  fence.epoch = std::max(fence.epoch, request_.epoch);
  fence_ = ++fence.number;
  ledger_->set_fence(request_.unit_key, fence);
}

void SqliteSink::require_newest() {
  if (ledger_->fence(request_.unit_key).number == fence_) return;
  throw Error(ErrorClass::config, "E_FENCED",
              "a later attempt at unit \"" + request_.unit_id + "\" has opened table \"" + target_->name() +
                  "\"; this one may not commit any more")
      .at(settings_.path)
      .try_this("let the later attempt finish; collect this one's staging with `sluice staging gc`");
}

void SqliteSink::begin() {
  const bool fresh = !database_.in_transaction();
  if (fresh) {
    if (open_batches_)
      throw Error(ErrorClass::system, "E_SQLITE",
                  "SQLite has rolled back batches that were not committed yet")
          .at(settings_.path)
          .try_this("run again; it goes on from the last commit");
    database_.execute("BEGIN IMMEDIATE");
    loaded_ = false;
  }
  try {
    // Once is enough: who wants to open the table later waits for the end of this transaction.
    if (fresh) require_newest();
    if (!loaded_) target_->load(!request_.tables);
    loaded_ = true;
    if (!prepared_) prepare_table();
    prepared_ = true;
  } catch (...) {
    if (!open_batches_) roll_back();
    throw;
  }
}

// Decides what becomes of rows that stand in the table already. Only rows that this unit alone wrote are ever
// deleted.
void SqliteSink::prepare_table() {
  std::vector<UnitLedger::Owner> owners = ledger_->owners();
  if (owners.empty() && target_->exists() && target_->has_rows()) {
    ledger_->mark_foreign_rows();
    owners.push_back({});
  }
  const auto me = std::find_if(owners.begin(), owners.end(), [&](const UnitLedger::Owner& owner) {
    return owner.unit_key == request_.unit_key;
  });
  const bool mine = me != owners.end(), shared = owners.size() > (mine ? 1u : 0u);
  const Json where = Json::object({{"table", target_->name()}, {"path", settings_.path}});
  if (!request_.incremental) {
    if (!shared) return target_->clear();
    if (settings_.key.empty())
      throw Error(ErrorClass::config, "E_SQLITE_SHARED_TABLE",
                  "table \"" + target_->name() +
                      "\" has rows that this unit did not write, so its rows cannot be replaced")
          .at(settings_.path)
          .try_this("give the unit a table of its own, set \"key\", or run in mode INCREMENTAL");
    host_.log(LogLevel::warning, "the table is shared: rows are updated by key, and none are deleted", where);
    return;
  }
  if (request_.checkpoint || !settings_.key.empty() || !mine) return;
  if (!shared) return target_->clear();
  host_.log(LogLevel::warning,
            "the unit is read from its beginning again and the table is shared: its earlier rows stay, and "
            "will stand there twice",
            where);
}

void SqliteSink::read_rows(const BatchView& batch) {
  rows_.clear();
  if (request_.tables)
    read_table_rows(batch, *target_, rows_);
  else if (settings_.document_layout)
    read_whole_documents(batch, request_.content_type.find("json") != std::string::npos, *target_, rows_);
  else
    documents_->read(batch, rows_);
}

WriteResult SqliteSink::write(const BatchView& batch, Rejects& rejects) {
  WriteResult result;
  if (batch.size() == 0) return result;
  begin();
  database_.execute("SAVEPOINT batch");
  try {
    read_rows(batch);
    result.written = target_->apply(rows_);
    std::sort(rows_.refused.begin(), rows_.refused.end(),
              [](const Refusal& a, const Refusal& b) { return a.record < b.record; });
    // Only now, when nothing can make the host repeat the call: each is told once.
    for (const Refusal& refusal : rows_.refused) rejects.reject(refusal.record, refusal.code, refusal.reason);
    database_.execute("RELEASE batch");
  } catch (const Error& error) {
    undo_batch();
    if (error.transient() && open_batches_ && !database_.in_transaction())
      throw Error(ErrorClass::system, error.code(),
                  error.message() + "; SQLite has rolled back the batches since the last commit")
          .at(settings_.path)
          .try_this(error.hint());
    throw;
  } catch (...) {
    undo_batch();
    throw;
  }
  open_batches_ = true;
  result.rejected = rows_.refused.size();
  result.bytes = batch.header().payload_bytes;
  return result;
}

Reached SqliteSink::commit(const CommitToken& token) {
  if (!request_.incremental && !token.final) return Reached::deferred;
  begin();
  char now[calendar_text_size];
  const size_t size = write_timestamp(host_.now().time_since_epoch().count(), now);
  ledger_->store(request_.unit_key, token.token, request_.run_id, std::string(now, size));
  database_.execute("COMMIT");
  open_batches_ = false;
  prepared_committed_ = true;
  return Reached::durable;
}

void SqliteSink::abort() {
  roll_back();
}

// Also when SQLite has rolled back the whole transaction by itself. A transaction that holds nothing else is
// ended, so that nobody waits for its lock.
void SqliteSink::undo_batch() noexcept {
  if (!open_batches_) return roll_back();
  loaded_ = false;
  if (database_.in_transaction()) {
    sqlite3_exec(database_.handle(), "ROLLBACK TO batch", nullptr, nullptr, nullptr);
    sqlite3_exec(database_.handle(), "RELEASE batch", nullptr, nullptr, nullptr);
  } else {
    prepared_ = prepared_committed_;
  }
}

void SqliteSink::roll_back() noexcept {
  if (database_.is_open() && database_.in_transaction())
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  loaded_ = false;
  open_batches_ = false;
  prepared_ = prepared_committed_;
}

void SqliteSink::check() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!fs::exists(settings_.path, ignored)) {
    const fs::path folder = fs::path(settings_.path).parent_path();
    if (::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0)
      throw Error(ErrorClass::system, "E_FILE_OPEN",
                  "the folder of the database is missing or may not be written")
          .at(settings_.path)
          .try_this("make the folder, or look at its rights");
    return;
  }
  if (::access(settings_.path.c_str(), R_OK | W_OK) != 0)
    throw Error(ErrorClass::system, "E_FILE_OPEN", "the database may not be read and written")
        .at(settings_.path)
        .try_this("look at the rights of the file");
  Database(host_).open(settings_.options(true));
}

}  // namespace sluice::sqlite
