// Rows into one table of a SQLite database, with the commit token in the same transaction.
#pragma once

#include <memory>
#include <optional>

#include <sluice/sdk.hpp>

#include "database.hpp"
#include "row_set.hpp"
#include "settings.hpp"

namespace sluice::sqlite {

class DocumentRows;
class TableTarget;
class UnitLedger;

// A transaction begins with the first write after a commit and ends with the next. When the unit's data is
// replaced (FULL), the whole run is one transaction, so that readers see the old rows until the final commit.
class SqliteSink final : public Sink {
 public:
  static constexpr SinkInfo sink_info{
      .formats = "tables,documents", .delivery = "transactional", .slices = "any"};

  explicit SqliteSink(const Context& context);
  ~SqliteSink() override;

  std::optional<Json> open(const WriteRequest& request) override;
  WriteResult write(const BatchView& batch, Rejects& rejects) override;
  Reached commit(const CommitToken& token) override;
  void abort() override;
  void check() override;
  void cancel() noexcept override { database_.interrupt(); }

 private:
  void take_over();
  void begin();
  void require_newest();
  void prepare_table();
  void read_rows(const BatchView& batch);
  void undo_batch() noexcept;
  void roll_back() noexcept;

  const HostServices host_;
  const Settings settings_;
  Database database_;
  WriteRequest request_;
  std::unique_ptr<TableTarget> target_;
  std::unique_ptr<UnitLedger> ledger_;
  std::unique_ptr<DocumentRows> documents_;
  RowSet rows_;
  int64_t fence_ = 0;                // this instance's number among the openers of the unit
  bool prepared_ = false;            // prepare_table() was done, in this transaction or a committed one
  bool prepared_committed_ = false;  // ... in a committed one
  bool loaded_ = false;              // the target knows the table as it is in this transaction
  bool open_batches_ = false;        // batches stand in the transaction that is not committed
};

}  // namespace sluice::sqlite
