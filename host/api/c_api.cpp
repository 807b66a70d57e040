// The C API over the C++ one: texts in, texts out, nothing thrown.
#include "sluice/host/host.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <cstring>
#include <map>

#include "host/api/host_parts.hpp"
#include "host/config/nearest_name.hpp"
#include "host/run/exit_code.hpp"
#include "host/run/object_reader.hpp"
#include "sluice/host/host.hpp"

struct sluice_embedded_host {
  std::unique_ptr<sluice::host::Host> host;
};
struct sluice_cancellation {
  sluice::host::Cancellation cancellation;
};

namespace sluice::host {

namespace {

char* copy_text(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

// Hands a reply out, and lets nothing be thrown past it.
template <class Call>
int32_t answer(char** result, Call&& call) noexcept {
  if (result) *result = nullptr;
  try {
    const Reply reply = call();
    if (result) *result = copy_text(reply.json);
    return reply.exit_code;
  } catch (...) {
    return exit_internal;
  }
}

Result<HostOptions> read_options(const char* text) {
  HostOptions options;
  if (!text) return options;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object())
    return Error(ErrorClass::config, "E_REQUEST_INVALID", "the options are not a JSON object");
  ObjectReader reader(value.get_object(), "");
  if (auto file = reader.text("configFile")) options.config_file = *file;
  if (auto folder = reader.text("defaultPluginFolder")) options.default_plugin_folder = *folder;
  if (auto program = reader.text("workerProgram")) options.worker_program = *program;
  if (auto folder = reader.text("cacheFolder")) options.cache_folder = *folder;
  options.watch_plugins = reader.flag("watchPlugins").value_or(false);
  if (auto level = reader.one_of("log", {"trace", "debug", "info", "warning", "error"})) {
    static const std::map<std::string, Severity> levels{{"trace", Severity::trace},
                                                        {"debug", Severity::debug},
                                                        {"info", Severity::info},
                                                        {"warning", Severity::warning},
                                                        {"error", Severity::error}};
    options.log = make_stderr_log(levels.at(*level), LogFormat::json, false);
  }
  reader.allow("pluginFolders");
  reader.allow("useEnvironment");
  std::vector<Error> unknown;
  if (Status status = reader.finish(unknown); !status.ok()) return std::move(status).take_error();
  if (!unknown.empty()) return unknown.front();
  if (const auto* use = value.get_object().if_contains("useEnvironment"); use && use->is_bool())
    options.use_environment = use->get_bool();
  if (const auto* folders = value.get_object().if_contains("pluginFolders"); folders && folders->is_array())
    for (const auto& folder : folders->get_array())
      if (folder.is_string()) options.plugin_folders.emplace_back(folder.get_string());
  return options;
}

std::string to_json_text(const Progress& progress) {
  boost::system::error_code error;
  return boost::json::serialize(
      boost::json::object{{"runId", progress.run_id},
                          {"unitId", progress.unit_id},
                          {"recordsRead", progress.records_read},
                          {"recordsWritten", progress.records_written},
                          {"recordsRejected", progress.records_rejected},
                          {"bytesRead", progress.bytes_read},
                          {"bytesWritten", progress.bytes_written},
                          {"bytesExpected", progress.bytes_expected},
                          {"stagingUsed", progress.staging_used},
                          {"stagingCapacity", progress.staging_capacity},
                          {"stageRef", progress.stage_ref},
                          {"elapsedMs", progress.elapsed.count()},
                          {"checkpoint", boost::json::parse(progress.checkpoint, error)},
                          {"done", progress.done}});
}

using Question = Reply (*)(Host&, std::string_view, std::string_view);
const std::map<std::string_view, Question> questions{
    {"check", [](Host& host, std::string_view first, std::string_view) { return host.check(first); }},
    {"units", [](Host& host, std::string_view first, std::string_view) { return host.units(first); }},
    {"preview",
     [](Host& host, std::string_view first, std::string_view second) { return host.preview(first, second); }},
    {"plugins", [](Host& host, std::string_view, std::string_view) { return host.plugins(); }},
    {"plugins-reload", [](Host& host, std::string_view, std::string_view) { return host.reload_plugins(); }},
    {"plugins-test",
     [](Host& host, std::string_view first, std::string_view) { return host.test_plugin(first); }},
    {"plugins-retry",
     [](Host& host, std::string_view first, std::string_view) { return host.retry_plugins(first); }},
    {"endpoints", [](Host& host, std::string_view, std::string_view) { return host.endpoints(); }},
    {"describe",
     [](Host& host, std::string_view first, std::string_view) { return host.describe_template(first); }},
    {"validate", [](Host& host, std::string_view first, std::string_view) { return host.validate(first); }},
    {"doctor", [](Host& host, std::string_view, std::string_view) { return host.doctor(); }},
    {"version", [](Host&, std::string_view, std::string_view) { return Host::version(); }}};

RunOptions run_options(const sluice_cancellation* cancellation, sluice_progress progress, void* progress_self,
                       uint32_t progress_interval_ms) {
  RunOptions options;
  if (cancellation) options.cancellation = cancellation->cancellation;
  if (progress_interval_ms > 0) options.progress_interval = std::chrono::milliseconds(progress_interval_ms);
  if (progress)
    options.on_progress = [progress, progress_self](const Progress& now) {
      progress(progress_self, to_json_text(now).c_str());
    };
  return options;
}

}  // namespace
}  // namespace sluice::host

using namespace sluice::host;  // NOLINT(google-build-using-namespace): the functions below are C's

extern "C" {

sluice_embedded_host* sluice_host_open(const char* options, char** failure) {
  std::unique_ptr<sluice_embedded_host> opened;
  answer(failure, [&]() -> Reply {
    Result<HostOptions> read = read_options(options);
    if (!read) return failure_reply(read.error());
    Host::Opened host = Host::open(*read);
    if (!host.host) return host.failure;
    opened = std::make_unique<sluice_embedded_host>();
    opened->host = std::move(host.host);
    return {};
  });
  // Only a failure has a text.
  if (opened && failure) {
    std::free(*failure);
    *failure = nullptr;
  }
  return opened.release();
}

void sluice_host_close(sluice_embedded_host* host) {
  delete host;
}

sluice_cancellation* sluice_cancellation_new(void) {
  try {
    return new sluice_cancellation();
  } catch (...) {
    return nullptr;
  }
}
void sluice_cancellation_drain(sluice_cancellation* cancellation) {
  cancellation->cancellation.drain();
}
void sluice_cancellation_stop(sluice_cancellation* cancellation) {
  cancellation->cancellation.stop();
}
void sluice_cancellation_free(sluice_cancellation* cancellation) {
  delete cancellation;
}

int32_t sluice_host_run(sluice_embedded_host* host, const char* request,
                        const sluice_cancellation* cancellation, sluice_progress progress,
                        void* progress_self, uint32_t progress_interval_ms, char** result) {
  return answer(result, [&] {
    return host->host->run(request ? request : "",
                           run_options(cancellation, progress, progress_self, progress_interval_ms));
  });
}

int32_t sluice_host_export(sluice_embedded_host* host, const char* request,
                           const sluice_cancellation* cancellation, sluice_progress progress,
                           void* progress_self, uint32_t progress_interval_ms, char** result) {
  return answer(result, [&] {
    return host->host->export_stage(request ? request : "",
                                    run_options(cancellation, progress, progress_self, progress_interval_ms));
  });
}

int32_t sluice_host_import(sluice_embedded_host* host, const char* request, int32_t follow,
                           const sluice_cancellation* cancellation, sluice_progress progress,
                           void* progress_self, uint32_t progress_interval_ms, char** result) {
  return answer(result, [&] {
    RunOptions options = run_options(cancellation, progress, progress_self, progress_interval_ms);
    options.follow = follow != 0;
    return host->host->import_stage(request ? request : "", options);
  });
}

int32_t sluice_host_resume(sluice_embedded_host* host, const char* request,
                           const sluice_cancellation* cancellation, sluice_progress progress,
                           void* progress_self, uint32_t progress_interval_ms, char** result) {
  return answer(result, [&] {
    return host->host->resume_stage(request ? request : "",
                                    run_options(cancellation, progress, progress_self, progress_interval_ms));
  });
}

int32_t sluice_host_ask(sluice_embedded_host* host, const char* what, const char* first, const char* second,
                        char** result) {
  return answer(result, [&]() -> Reply {
    const std::string_view asked = what ? what : "";
    const auto found = questions.find(asked);
    if (found == questions.end())
      return failure_reply(sluice::Error(sluice::ErrorClass::config, "E_REQUEST_INVALID",
                                         "no call \"" + std::string(asked) + "\"", "what",
                                         did_you_mean(asked, names_of(questions))));
    return found->second(*host->host, first ? first : "", second ? second : "");
  });
}

void sluice_text_free(char* text) {
  std::free(text);
}

}  // extern "C"
