// staging list, check, repair, cat and gc: what lies in mmap staging while no run uses it.
#include <boost/json/array.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/quantities.hpp"
#include "host/cli/table.hpp"
#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

std::string counted(uint64_t count, const char* one, const char* many) {
  return grouped(count) + " " + (count == 1 ? one : many);
}
std::string batches(uint64_t count) {
  return counted(count, "batch", "batches");
}

// The first that holds.
std::string state_text(const json::object& session) {
  if (flag_at(session, "live")) return "in use (" + brief(at(session, "owners")) + ")";
  if (at(session, "error").is_object()) return "cannot be read";
  if (flag_at(session, "damaged")) return "damaged";
  return flag_at(session, "sealed") ? "sealed" : "open";
}

std::string list_view(const json::object& answer, bool color) {
  Table table({"STAGEREF", "UNIT", "CREATED", "PENDING", "RECORDS", "ON DISK", "STATE"});
  for (const std::size_t column : {3, 4, 5}) table.align_right(column);
  std::string unreadable;
  for (const json::value& item : array_at(answer, "sessions")) {
    const json::object* session = item.if_object();
    if (!session) continue;
    const bool known = at(*session, "pendingBatches").is_number();
    table.add({text_at(*session, "stageRef"), text_at(*session, "unitKey"), text_at(*session, "createdAt"),
               known ? grouped(count_at(*session, "pendingBatches")) : "",
               known ? grouped(count_at(*session, "pendingRecords")) : "",
               human_bytes(count_at(*session, "bytes")), state_text(*session)});
    if (const json::object& error = object_at(*session, "error"); !error.empty())
      unreadable += "\n" + printable(text_at(*session, "stageRef")) + ": " +
                    printable(text_at(error, "message")) + "\n  code: " + printable(text_at(error, "code")) +
                    "\n";
  }
  if (table.empty()) return "no sessions in " + printable(text_at(answer, "folder")) + "\n";
  return table.text(color) + unreadable;
}

std::string stream_view(const json::object& stream) {
  const uint64_t lost = count_at(stream, "lostBatches");
  std::string out = "  stream " + grouped(count_at(stream, "stream")) + ": " +
                    batches(count_at(stream, "batches")) + " with " +
                    counted(count_at(stream, "records"), "record", "records") + " whole" +
                    (lost > 0 ? ", " + grouped(lost) + " lost" : "") +
                    (flag_at(stream, "sealed") ? ", sealed\n" : ", not sealed\n");
  for (const json::value& item : array_at(stream, "ranges")) {
    const json::object* range = item.if_object();
    if (!range) continue;
    const std::string file = text_at(*range, "file");
    out += "    " + batches(count_at(*range, "batches")) + " lost from batch " +
           std::to_string(count_at(*range, "sequence")) + " on: " +
           (file.empty() ? "the segment is gone"
                         : std::to_string(count_at(*range, "bytes")) + " bytes at " +
                               std::to_string(count_at(*range, "offset")) + " of " + printable(file)) +
           "\n";
  }
  if (flag_at(stream, "endMarkMissing")) out += "    its end is known by the last record alone: no loss\n";
  if (const std::string cursor = text_at(stream, "cursor"); cursor != "whole")
    out += "    cursor: " + printable(cursor) + "\n";
  const auto files = [&](const char* key, const char* what) {
    for (const json::value& name : array_at(stream, key))
      out += "    " + printable(brief(name)) + ": " + what + "\n";
  };
  files("damagedHeaders", "its header is damaged; its records are found all the same");
  files("unreadableSegments", "nothing can be told of it");
  files("stubSegments", "never finished, and empty");
  if (const json::object& torn = object_at(stream, "torn"); !torn.empty())
    out += "    torn records behind the end, at " + std::to_string(count_at(torn, "offset")) + " of " +
           printable(text_at(torn, "file")) + ": never whole, so no loss\n";
  return out;
}

std::string session_view(const json::object& session) {
  std::string out = printable(text_at(session, "stageRef")) + ": ";
  if (const json::object& error = object_at(session, "error"); !error.empty())
    return out + "not checked: " + printable(text_at(error, "message")) + "\n";
  out += flag_at(session, "damaged") ? "damaged\n" : "whole\n";
  if (text_at(session, "manifest") != "whole" || text_at(session, "manifestCopy") != "whole")
    out += "  manifest: " + printable(text_at(session, "manifest")) +
           ", copy: " + printable(text_at(session, "manifestCopy")) + "\n";
  for (const json::value& stream : array_at(session, "streams"))
    if (const json::object* object = stream.if_object()) out += stream_view(*object);
  return out;
}

std::string check_view(const json::object& answer) {
  std::string out;
  for (const json::value& session : array_at(answer, "sessions"))
    if (const json::object* object = session.if_object()) out += session_view(*object);
  return out.empty() ? "no sessions in " + printable(text_at(answer, "folder")) + "\n" : out;
}

std::string repair_view(const json::object& answer) {
  std::string out;
  for (const json::value& action : array_at(answer, "actions")) out += printable(brief(action)) + "\n";
  if (out.empty()) out = "there was nothing to repair\n";
  if (const std::string backup = text_at(answer, "backup"); !backup.empty())
    out += "what was changed lies as it was in " + printable(backup) + "\n";
  if (const uint64_t lost = count_at(answer, "lostBatches"); lost > 0)
    out += batches(lost) + (lost == 1 ? " is lost\n" : " are lost\n");
  return out;
}

std::string gc_view(const json::object& answer) {
  const bool dry = flag_at(answer, "dryRun");
  std::string out;
  for (const json::value& item : array_at(answer, "collected")) {
    const json::object* one = item.if_object();
    if (!one) continue;
    const std::string moved = text_at(*one, "movedTo");
    out += (dry             ? "would collect "
            : moved.empty() ? "removed "
                            : "moved ") +
           printable(text_at(*one, "name")) + (moved.empty() ? "" : " to " + printable(moved)) + ", " +
           human_bytes(count_at(*one, "bytes")) + ": " + printable(text_at(*one, "reason")) + "\n";
  }
  for (const json::value& item : array_at(answer, "kept"))
    if (const json::object* one = item.if_object())
      out += "kept " + printable(text_at(*one, "name")) + ", " + human_bytes(count_at(*one, "bytes")) + ": " +
             printable(text_at(*one, "reason")) + "\n";
  return out + human_bytes(count_at(answer, "bytes")) + (dry ? " would be freed\n" : " freed\n");
}

}  // namespace

int staging_list_command(Session& session) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.staging_list(), [&](const json::object& answer) {
      return list_view(answer, session.console.terminal().out_color);
    });
  });
}

int staging_check_command(Session& session, const std::string& stage_ref) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.staging_check(stage_ref),
                                  [](const json::object& answer) { return check_view(answer); });
  });
}

int staging_repair_command(Session& session, const std::string& stage_ref) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.staging_repair(stage_ref),
                                  [](const json::object& answer) { return repair_view(answer); });
  });
}

int staging_cat_command(Session& session, const std::string& stage_ref, std::optional<uint32_t> stream) {
  Console& console = session.console;
  if (console.options().json)
    return console.failed(Error(ErrorClass::config, "E_USAGE",
                                "cat prints the records themselves, not an object", "sluice staging cat",
                                "leave --json out"));
  return with_host(session, [&](Host& host) {
    int written = exit_done;
    const Reply reply = host.staging_cat(stage_ref, stream, [&](std::string_view text) {
      written = console.result(text, exit_done);
      return written == exit_done;
    });
    const json::object answer = parse_answer(reply.json);
    if (at(answer, "error").is_object()) return console.failed(reply);
    for (const json::value& item : array_at(answer, "streams")) {
      const json::object* one = item.if_object();
      if (!one) continue;
      const std::string name = "stream " + std::to_string(count_at(*one, "stream"));
      if (const uint64_t lost = count_at(*one, "lostBatches"); lost > 0)
        console.show_warning(json::object{
            {"message", name + ": " + batches(lost) + (lost == 1 ? " is" : " are") + " damaged and left out"},
            {"hint", "`sluice staging check " + stage_ref + "` says where"}});
      if (flag_at(*one, "cursorDamaged"))
        console.show_warning(json::object{
            {"message", name + ": its cursor is damaged, so some of this may be committed already"},
            {"hint", "`sluice staging repair " + stage_ref + "` makes it anew"}});
    }
    return written == exit_done ? reply.exit_code : written;
  });
}

int staging_gc_command(Session& session, const StagingGcOptions& options) {
  return with_host(session, [&](Host& host) {
    return session.console.answer(host.staging_gc(options),
                                  [](const json::object& answer) { return gc_view(answer); });
  });
}

}  // namespace sluice::host::cli
