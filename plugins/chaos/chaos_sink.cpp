#include "chaos_sink.hpp"

#include <algorithm>
#include <string>

namespace sluice::chaos {

ChaosSink::ChaosSink(const Context& context)
    : fault_(context),
      where_(context.config().string("where", "write") == "open"     ? Where::open
             : context.config().string("where", "write") == "commit" ? Where::commit
                                                                     : Where::write),
      at_(static_cast<uint64_t>(std::max<int64_t>(context.config().integer("at", 0), 0))),
      every_(static_cast<uint64_t>(std::max<int64_t>(context.config().integer("every", 2), 1))) {
  switch (fault_.action()) {
    case Action::malformed:
    case Action::lie:
    case Action::too_large:
      fault_.refuse_in("sink");
    case Action::garbage_counts:
    case Action::reject:
      if (where_ != Where::write) fault_.refuse_in("sink outside of write");
      break;
    default:
      break;
  }
}

std::optional<Json> ChaosSink::open(const WriteRequest&) {
  if (where_ == Where::open) fault_.perform("open");
  return std::nullopt;
}

WriteResult ChaosSink::write(const BatchView& batch, Rejects& rejects) {
  WriteResult result{.written = batch.size(), .bytes = batch.header().payload_bytes};
  const bool here = where_ == Where::write && records_ <= at_ && at_ - records_ < batch.size();
  if (here) fault_.perform("the batch of record " + std::to_string(at_));
  if (here && fault_.action() == Action::garbage_counts) result.written = uint64_t{batch.size()} * 3 + 7;
  if (fault_.action() == Action::reject)
    for (uint32_t row = 0; row < batch.size(); ++row)
      if ((records_ + row + 1) % every_ == 0) {
        rejects.reject(row, "E_CHAOS_REJECTED", "chaos refused it on demand");
        --result.written;
        ++result.rejected;
      }
  records_ += batch.size();
  return result;
}

Reached ChaosSink::commit(const CommitToken&) {
  const uint64_t number = commits_;
  if (where_ == Where::commit && number == at_) fault_.perform("commit " + std::to_string(number));
  ++commits_;
  return Reached::durable;
}

}  // namespace sluice::chaos
