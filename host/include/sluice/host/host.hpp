// The host: plugins, endpoints and runs, for an embedding program (libsluice.so). The command line stands on
// it too.
//
// Requests and results are JSON texts, the same that the command line and the C API take and give:
// docs/data-plane.md. A Host is usable from many threads at once; runs in it are independent of each other.
// It owns no global state, installs no signal handlers, never calls exit, and throws nothing but
// std::bad_alloc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/host/export.hpp"
#include "sluice/host/log.hpp"

namespace sluice::host {

// What a call came to, as the command line's exit codes: 0 done, 1 internal error, 2 rejected request or
// configuration, 3 environment, 4 the run failed in a plugin, 5 rejected records above tolerance, 6 cancelled
// with a valid checkpoint, 7 staging damaged.
struct Reply {
  int exit_code = 0;
  // The result; or, when a call other than run() failed: {"error": {code, class, message, retryable, where,
  // hint}}.
  std::string json;

  bool ok() const { return exit_code == 0; }
};

struct DurableStep {
  // create, write, commit (a batch becomes visible), sync, sync-folder, rename, remove, make-folder,
  // remove-folder: of the file or folder `path`; sink-write, sink-commit.
  std::string_view kind;
  std::string_view path, to;  // `to`: of a rename
  bool done = false;          // false: it is about to be done
};

struct HostOptions {
  // Explicit configuration file; empty: $SLUICE_CONFIG, ./sluice.yaml, /etc/sluice/sluice.yaml, else none.
  std::string config_file;
  // Searched before $SLUICE_PLUGIN_PATH, the configuration file's and `default_plugin_folder`.
  std::vector<std::string> plugin_folders;
  // Used when nothing else names a folder: <prefix>/lib/sluice/plugins. Empty: beside libsluice.so.
  std::string default_plugin_folder;
  // False: neither environment variables nor the well-known configuration files are looked at.
  bool use_environment = true;
  // Upper bound for all memory staging sessions of this host together, in bytes.
  uint64_t memory_staging_bytes = uint64_t{1} << 30;
  // Folder of mmap staging, in place of the configuration's.
  std::string staging_folder;
  // Called before and after each step by which a run changes what lasts: of staging's files, and each write
  // and commit of a sink. For proofs that a process may end at any of them; [any thread], several at once.
  std::function<void(const DurableStep&)> on_durable_step;
  // The helper executable in which plugins are scanned and isolated; empty: sluice-worker in lib/sluice
  // beside libsluice.so.
  std::string worker_program;
  // How long one plugin may take to be loaded when it is scanned.
  std::chrono::milliseconds scan_timeout = std::chrono::seconds(5);
  // Folder in which the outcomes of plugin scans are kept for the next process, in place of
  // $SLUICE_PLUGIN_CACHE and the configuration's plugins.cache.
  std::string cache_folder;
  // Plugin folders are watched while the host lives, as if reload_plugins() were called at each change.
  bool watch_plugins = false;
  std::shared_ptr<LogSink> log;  // none: silence
};

// Asks a run to end. Copies share one state. [any thread], not from a signal handler.
class SLUICE_HOST_API Cancellation {
 public:
  Cancellation();
  // End at the next durable point: nothing more is read, what is staged is written and committed.
  void drain();
  // End at once: what is not committed is given up.
  void stop();

  struct State;
  const std::shared_ptr<State>& state() const { return state_; }

 private:
  std::shared_ptr<State> state_;
};

// A moment of a run, for people and heartbeats. `checkpoint` is the last committed one (JSON, or "null"): a
// retried attempt can go on from it, or from `stage_ref`.
struct Progress {
  std::string run_id;
  std::string unit_id;
  uint64_t records_read = 0, records_written = 0, records_rejected = 0;
  uint64_t bytes_read = 0, bytes_written = 0;
  uint64_t bytes_expected = 0;  // 0: the source does not know
  uint64_t staging_used = 0, staging_capacity = 0;
  std::string
      stage_ref;  // of the staging session, when it outlives the process: resume_stage() goes on with it
  std::chrono::milliseconds elapsed{0};
  std::string checkpoint = "null";
  bool done = false;  // the last call of the run
};

struct RunOptions {
  Cancellation cancellation;
  // Called on the thread that called run(), at about this pace and once at the end.
  std::function<void(const Progress&)> on_progress;
  std::chrono::milliseconds progress_interval{250};
  bool strict = false;  // unknown keys of the request are errors, not warnings
  // import_stage: wait for the staging session to begin, and read beside the export that writes it.
  bool follow = false;
};

// Which sessions of staging gc removes; see Host::staging_gc().
struct StagingGcOptions {
  std::vector<std::string> stage_refs;  // these alone, whatever is in them; empty: all that there are
  bool all = false;                     // whatever is in them
  std::string older_than;  // made so long ago, whatever is in them, as in "7d"; empty: age is nothing
  bool dry_run = false;    // only say what would be done
};

class SLUICE_HOST_API Host {
 public:
  struct Opened;
  // Reads the configuration and loads the plugins. A plugin that is refused is no failure: see plugins().
  static Opened open(const HostOptions& options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // One bounded run. The reply is always a result object as docs/data-plane.md shows, whatever happened.
  Reply run(std::string_view request, const RunOptions& options = {});
  // Its two halves, in one process or two. export stops after staging; its result has a stageRef. import
  // takes a request with that stageRef and does the sink's half; it never touches the source. resume finishes
  // a run that was cut off anywhere; its request is {"stageRef": …} and may change the policy.
  Reply export_stage(std::string_view request, const RunOptions& options = {});
  Reply import_stage(std::string_view request, const RunOptions& options = {});
  Reply resume_stage(std::string_view request, const RunOptions& options = {});

  // {"endpoint", "template", "role", "ok": true, "durationMs"}: reached out, moved nothing.
  Reply check(std::string_view endpoint);
  // {"endpoint", "template", "units": [{unitId, title, contentType, bytes, schema, …}]}
  Reply units(std::string_view endpoint);
  // {"endpoint", "unitId", "format", "schema", "records": [ … ], "rejected": count, "firstRejected",
  // "truncated"}: the first records; documents that are JSON as JSON, others as strings.
  Reply preview(std::string_view endpoint, std::string_view unit, uint32_t records = 10);

  // {"plugins": [{path, outcome: "loaded" | "refused", state: "active" | "replaced" | "retired" | "refused",
  // id, version, vendor, license, abi, templates, digest, generation, runs: [ids], scannedAt, code, reason,
  // hint}]}. Of one file there may be several: the active generation, older ones that still serve runs, and
  // why the file as it is now was refused.
  Reply plugins() const;
  // Looks at the plugin folders again: {"added": [{path, id, version, generation}], "replaced": [the same, of
  // the new generation], "removed": [the same], "refused": [{path, id, code, reason, hint}]}; of what was
  // refused before only what has changed. New runs use what is new; those under way finish on what they have.
  // Staging providers stay those that the host was opened with.
  Reply reload_plugins();
  // The same, after forgetting that the file was refused, or every file that was when it is empty. FILE: a
  // path, a file's name or a plugin's id.
  Reply retry_plugins(std::string_view file = {});
  // One of the above with the descriptor and what it needs of the system, read without loading; FILE or
  // plugin id. {path, outcome: "loadable" | "refused", summary, code, reason, hint, size, digest, id, …,
  // templates:
  // [{…, configSchema, secrets}], needed: [name], libraries: [{name, path, neededBy, missingVersions}],
  // missingSymbols, libcFloor, libcHere}
  Reply inspect_plugin(std::string_view file_or_id) const;
  // {"endpoints": [{endpointId, template, roles, config (secrets masked)}], "templates": [{id, title, roles,
  // plugin}]}
  Reply endpoints() const;
  // {"id", "title", "description", "roles", "source", "sink", "configSchema", "plugin"}
  Reply describe_template(std::string_view id) const;
  // Tries a plugin file in worker processes: loads it, makes and checks an instance of each template and
  // role, with the configuration of an endpoint in the configuration file that has the template, else the
  // defaults.
  // {"path", "id", "ok", "checks": [{name: "load" | "source" | "sink", template, ok, detail, hint}]}; exit
  // code 4 when something is wrong with it.
  Reply test_plugin(std::string_view file) const;
  // {"config": path, "endpoints": [{endpointId, ok, errors}], "request": {ok, errors, warnings}, "ok"}. The
  // request may be empty.
  Reply validate(std::string_view request = {}) const;
  // {"checks": [{name, ok, detail, hint}], "ok"}: configuration, plugin folders, staging, limits of this
  // machine.
  Reply doctor() const;

  // Staging of the provider `mmap` while no run uses it: docs/staging.md. A stage_ref is `mmap:ID`, or the
  // ID.
  //
  // {"folder", "sessions": [{stageRef, stageId, runId, unitKey, createdAt, durability, streams,
  // pendingBatches, pendingRecords, pendingBytes, sealed, bytes, live, owners, damaged, error}]}; without
  // runId to sealed where it cannot be read. Changes nothing and disturbs no run.
  Reply staging_list() const;
  // {"folder", "sessions": [{stageRef, damaged, manifest, manifestCopy, streams: [ … ], error}], "damaged"}:
  // everything is read and compared, and nothing changed. Empty: all sessions; those in use have an error.
  // Exit code 7 when something is damaged.
  Reply staging_check(std::string_view stage_ref = {}) const;
  // {"stageRef", "actions": [texts], "backup": folder or null, "lostBatches", "after": as check gives it}.
  // Exit code 7 when batches are lost all the same.
  Reply staging_repair(std::string_view stage_ref);
  // Gives the values that are staged and not committed to `out`, piece by piece, until it says false:
  // documents as they are, rows as JSON, one a line. {"stageRef", "streams": [{stream, batches, records,
  // lostBatches, lostBytes, cursorDamaged}], "damaged"}; exit code 7 when something was left out.
  Reply staging_cat(std::string_view stage_ref, std::optional<uint32_t> stream,
                    const std::function<bool(std::string_view)>& out) const;
  // {"folder", "dryRun", "collected": [{name, reason, bytes, movedTo}], "kept": [the same], "bytes": freed}.
  // Exit code 2 when a session that was named is kept.
  Reply staging_gc(const StagingGcOptions& options);

  // {"version", "abi": {"oldest", "newest"}, "compiler", "boost", "staging": [...]}
  static Reply version();

  struct Parts;  // the host's own

 private:
  explicit Host(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Either a host, or why there is none: `failure` as other calls give it.
struct Host::Opened {
  std::unique_ptr<Host> host;
  Reply failure;
};

}  // namespace sluice::host
