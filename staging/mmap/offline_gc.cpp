#include "staging/mmap/offline_gc.hpp"

#include <algorithm>
#include <cerrno>
#include <set>

#include "staging/mmap/session_removal.hpp"
#include "staging/mmap/staging_folder.hpp"

namespace sluice::staging {

namespace {

std::string counted(uint64_t count, const char* one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "es");
}

enum class Fate { keep, remove, set_aside };
struct Verdict {
  Fate fate = Fate::keep;
  std::string reason;
};

// What a session that nobody uses is worth, when nobody asks for more than what is safe.
Verdict judge_by_content(const SessionLook& look) {
  const auto any = [&](auto&& is) { return std::any_of(look.streams.begin(), look.streams.end(), is); };
  if (look.error) return {Fate::keep, look.error->message()};
  if (look.damaged) return {Fate::keep, "it is damaged; see `sluice staging check " + look.id + "`"};
  if (const uint64_t pending = look.pending_frames(); pending > 0)
    return {Fate::keep,
            counted(pending, "batch") + " in it " + (pending == 1 ? "is" : "are") + " not committed"};
  if (any([](const StreamLook& stream) { return stream.forgotten(); }))
    return {Fate::keep, "its run was cut off, and `sluice resume` can read again what is not in it any more"};
  if (!any([](const StreamLook& stream) { return !stream.never_written; }))
    return {Fate::remove, "never written"};
  if (!look.sealed()) return {Fate::keep, "its run was cut off, and `sluice resume` can go on with it"};
  // A run ends such a session itself: what is left is an export without records that waits for its import.
  if (!any([](const StreamLook& stream) { return stream.next > 0; }))
    return {Fate::keep, "it is sealed without a record, and may wait for its import"};
  return {Fate::remove, "all of it is committed"};
}

class Collector {
 public:
  Collector(FileLayer& files, const std::string& folder, const GcOptions& options, GcReport& out)
      : files_(files), folder_(folder), options_(options), out_(out) {}

  Status run() {
    std::vector<std::string> ids(options_.ids);
    if (ids.empty())
      if (Status status = list_sessions(files_, folder_, ids); !status.ok()) return status;
    std::set<std::string> seen;
    std::erase_if(ids, [&](const std::string& id) { return !seen.insert(id).second; });
    std::vector<SessionLook> looks;
    for (const std::string& id : ids) {
      SessionLook look;
      if (Status status = look_at_session(files_, folder_, id, look); status.ok())
        looks.push_back(std::move(look));
      else if (!options_.ids.empty())
        return status;
    }
    for (const SessionLook& look : looks) collect(look);
    if (options_.ids.empty()) collect_leftovers();
    return {};
  }

 private:
  Verdict judge(const SessionLook& look) const {
    if (look.owners.any()) return {Fate::keep, "in use (" + look.owners.text() + ")"};
    const bool asked_for = options_.all || !options_.ids.empty();
    const std::string why = options_.all ? "--all" : "named";
    if (!look.manifest) {
      const bool unreadable = look.error->code() == "E_STAGING_MANIFEST";
      return asked_for && unreadable ? Verdict{Fate::set_aside, why + "; " + look.error->message()}
                                     : Verdict{Fate::keep, look.error->message()};
    }
    Verdict verdict = judge_by_content(look);
    if (verdict.fate == Fate::remove) return verdict;
    if (asked_for) return {Fate::remove, why};
    const auto age = std::chrono::duration_cast<std::chrono::microseconds>(options_.now.time_since_epoch()) -
                     std::chrono::microseconds(look.manifest->created_at);
    if (options_.older_than && age > *options_.older_than) return {Fate::remove, "old enough"};
    return verdict;
  }

  void keep(const SessionLook& look, std::string reason) {
    out_.kept.push_back({look.id, std::move(reason), look.bytes, {}});
  }

  void collect(const SessionLook& look) {
    Verdict verdict = judge(look);
    if (verdict.fate == Fate::keep) return keep(look, std::move(verdict.reason));
    GcItem item{look.id, verdict.reason, look.bytes, {}};
    if (options_.dry_run) {
      out_.collected.push_back(std::move(item));
      return;
    }
    const SessionFiles at{folder_ + "/" + look.id};
    if (Status status = check_owner(at.folder); !status.ok()) return keep(look, status.error().message());
    OfflineSession session{folder_, at, {}};
    session.manifest.stage_id = look.id;
    SessionLocks locks;
    if (Status status = take_locks(files_, session, MissingLock::make, locks); !status.ok())
      return keep(look, status.error().message());
    // With the locks in hand: is it still what it was?
    SessionLook now;
    if (!look_at_session(files_, folder_, look.id, now, SessionOwners{}).ok()) return;
    verdict = judge(now);
    if (verdict.fate == Fate::keep) return keep(now, std::move(verdict.reason));
    item = {look.id, verdict.reason, now.bytes, {}};
    Status done;
    if (verdict.fate == Fate::set_aside)
      done = move_aside(look.id, item.moved_to);
    else
      done = remove_session(files_, folder_, look.id);
    if (!done.ok()) return keep(now, done.error().message());
    out_.collected.push_back(std::move(item));
  }

  // As a whole, under a name that is free.
  Status move_aside(const std::string& id, std::string& to) {
    const std::string damaged_in = folder_ + "/" + std::string(damaged_folder);
    if (const int error = files_.make_folder(damaged_in); error != 0 && error != EEXIST)
      return file_error("create", damaged_in, error);
    const std::string from = folder_ + "/" + id, first = damaged_in + "/" + id;
    int error = EEXIST;
    for (int n = 1; n < 10'000 && (error == EEXIST || error == ENOTEMPTY); ++n) {
      to = first;
      if (n > 1) to += "." + std::to_string(n);
      error = files_.rename(from, to);
    }
    return error ? Status(file_error("rename", from, error)) : Status();
  }

  // Of processes that died while they made or removed a session; see sweep().
  void collect_leftovers() {
    std::vector<std::string> names;
    if (files_.list(folder_, names) != 0) return;
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const bool unfinished = name.starts_with(unfinished_prefix);
      if (!unfinished && !name.starts_with(removed_prefix)) continue;
      const SessionFiles at{folder_ + "/" + name};
      GcItem item{name,
                  unfinished ? "left from making a session" : "left from removing a session",
                  bytes_in(files_, at.folder),
                  {}};
      File lock;
      const int error = files_.open(at.writer_lock(), FileLayer::Access::write, lock);
      if (error == 0 && files_.lock(lock) != 0) {
        item.reason = "in use";
        out_.kept.push_back(std::move(item));
        continue;
      }
      Status done;
      if (!options_.dry_run) done = delete_folder(files_, at.folder);
      if (!done.ok()) item.reason = done.error().message();
      (done.ok() ? out_.collected : out_.kept).push_back(std::move(item));
    }
  }

  FileLayer& files_;
  const std::string& folder_;
  const GcOptions& options_;
  GcReport& out_;
};

}  // namespace

uint64_t GcReport::bytes() const {
  uint64_t total = 0;
  for (const GcItem& item : collected) total += item.moved_to.empty() ? item.bytes : 0;
  return total;
}

Status collect_garbage(FileLayer& files, const std::string& folder, const GcOptions& options, GcReport& out) {
  out = {};
  std::vector<std::string> names;
  const bool there = files.list(folder, names) != ENOENT;
  if (!there && options.ids.empty()) return {};
  if (there)
    if (Status status = check_owner(folder); !status.ok()) return status;
  return Collector(files, folder, options, out).run();
}

}  // namespace sluice::staging
