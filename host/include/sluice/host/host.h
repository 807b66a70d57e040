/* The host for programs in C and in every language that can call C (libsluice.so). The same JSON as the
 * command line: docs/data-plane.md. Strings are NUL-terminated UTF-8; those that come back are the caller's
 * and go to sluice_text_free. Functions are [any thread] unless they say otherwise. Exit codes are the
 * command line's. */
#ifndef SLUICE_HOST_H
#define SLUICE_HOST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_HOST_API_C __attribute__((visibility("default")))

typedef struct sluice_embedded_host sluice_embedded_host;
typedef struct sluice_cancellation sluice_cancellation;

/* `options`: JSON object with any of configFile, pluginFolders (list), defaultPluginFolder, useEnvironment
 * (bool), workerProgram, cacheFolder, watchPlugins (bool), log ("trace" ... "error": JSON lines on standard
 * error; absent: silence); NULL for none. Gives NULL on failure, and then *failure, when `failure` is not
 * NULL, is {"error": {...}}. */
SLUICE_HOST_API_C sluice_embedded_host* sluice_host_open(const char* options, char** failure);

/* No call may be under way. NULL is allowed. */
SLUICE_HOST_API_C void sluice_host_close(sluice_embedded_host* host);

/* Asks a run to end: drain at the next durable point, stop at once. One object may serve several runs. */
SLUICE_HOST_API_C sluice_cancellation* sluice_cancellation_new(void);
SLUICE_HOST_API_C void sluice_cancellation_drain(sluice_cancellation* cancellation);
SLUICE_HOST_API_C void sluice_cancellation_stop(sluice_cancellation* cancellation);
/* Runs that use it go on. NULL is allowed. */
SLUICE_HOST_API_C void sluice_cancellation_free(sluice_cancellation* cancellation);

/* Called on the thread that called sluice_host_run. `progress`: JSON object, valid for the call: runId,
 * unitId, recordsRead, recordsWritten, recordsRejected, bytesRead, bytesWritten, bytesExpected, stagingUsed,
 * stagingCapacity, stageRef, elapsedMs, checkpoint, done. */
typedef void (*sluice_progress)(void* self, const char* progress);

/* One bounded run; blocks. `cancellation` and `progress` may be NULL. *result is always set, whatever
 * happened (NULL only when there is no memory). Gives the exit code. */
SLUICE_HOST_API_C int32_t sluice_host_run(sluice_embedded_host* host, const char* request,
                                          const sluice_cancellation* cancellation, sluice_progress progress,
                                          void* progress_self, uint32_t progress_interval_ms, char** result);

/* The two halves of a run, and the rest of one that was cut off, in the same way. export: source to staging;
 * its result has a stageRef. import: a request with that stageRef; staging to sink; `follow` not 0: waits for
 * the export to begin and reads beside it. resume: a request with the stageRef of a run that did not end. */
SLUICE_HOST_API_C int32_t sluice_host_export(sluice_embedded_host* host, const char* request,
                                             const sluice_cancellation* cancellation,
                                             sluice_progress progress, void* progress_self,
                                             uint32_t progress_interval_ms, char** result);
SLUICE_HOST_API_C int32_t sluice_host_import(sluice_embedded_host* host, const char* request, int32_t follow,
                                             const sluice_cancellation* cancellation,
                                             sluice_progress progress, void* progress_self,
                                             uint32_t progress_interval_ms, char** result);
SLUICE_HOST_API_C int32_t sluice_host_resume(sluice_embedded_host* host, const char* request,
                                             const sluice_cancellation* cancellation,
                                             sluice_progress progress, void* progress_self,
                                             uint32_t progress_interval_ms, char** result);

/* The other calls by the command line's names: "check ENDPOINT", "units ENDPOINT", "preview ENDPOINT UNIT",
 * "plugins", "plugins-reload", "plugins-retry FILE", "plugins-test FILE", "endpoints", "describe TEMPLATE",
 * "validate", "doctor", "version"; unused arguments are NULL. */
SLUICE_HOST_API_C int32_t sluice_host_ask(sluice_embedded_host* host, const char* what, const char* first,
                                          const char* second, char** result);

/* NULL is allowed. */
SLUICE_HOST_API_C void sluice_text_free(char* text);

#ifdef __cplusplus
}
#endif

#endif
