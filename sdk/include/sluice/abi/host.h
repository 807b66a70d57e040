/* Sluice ABI: the services that the host lends to an endpoint or staging provider. A plugin links nothing of
 * the host. The table and everything behind it stay valid until the object that was created with it is
 * destroyed. */
#ifndef SLUICE_ABI_HOST_H
#define SLUICE_ABI_HOST_H

#include "error.h"

#define SLUICE_LOG_TRACE 0
#define SLUICE_LOG_DEBUG 1
#define SLUICE_LOG_INFO 2
#define SLUICE_LOG_WARNING 3
#define SLUICE_LOG_ERROR 4

/* Every function is [any thread], and none may be called from a signal handler. */
typedef struct sluice_host {
  uint32_t size;
  uint32_t abi_version; /* what this host speaks */
  void* self;           /* pass back as first argument */

  /* One log line; `fields` is a JSON object or empty. The host adds plugin, endpoint and run, and scrubs
   * secrets. */
  void (*log)(void* self, int32_t level, sluice_str message, sluice_str fields);

  /* Not 0 once the run should stop. Cheap enough to ask once a batch. */
  int32_t (*cancelled)(void* self);

  /* Waits up to `milliseconds`, or until cancelled. Returns not 0 when cancelled. Use it instead of sleeping.
   */
  int32_t (*wait)(void* self, uint64_t milliseconds);

  /* Microseconds since 1970-01-01 UTC, by the host's clock (which tests may set). */
  int64_t (*now)(void* self);

  /* Adds `value` to the plugin's own counter `name`; totals stand in the receipt. At most 64 names a run. */
  void (*metric)(void* self, sluice_str name, double value);

  /* Resolves a reference such as ${env:NAME} or ${file:PATH} now, and emits its value once. */
  sluice_status (*secret)(void* self, sluice_str reference, sluice_emit out, sluice_error* error);
} sluice_host;

SLUICE_STATIC_ASSERT(offsetof(sluice_host, self) == 8, "sluice_host layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_host) == 64, "sluice_host layout");

#endif
