/* A whole source in C: TINY_BATCHES batches of documents in the unit "all". Each file beside this one defines
 * what is wrong with it, then includes this. Hooks are statements; they see `source`, and in read() `out`,
 * `error`, `batch` and `room`:
 *   TINY_IN_CREATE, TINY_IN_UNITS, TINY_IN_CANCEL, TINY_IN_DESTROY
 *   TINY_BETWEEN         in read(), when one batch is handed over and others are to come
 *   TINY_BEFORE_PUBLISH  the frame stands at room.data; what is handed over is `bytes` long
 *   TINY_AFTER_READ      everything is handed over
 *   TINY_MADE            the instance `out` is filled */
#ifndef TINY_SOURCE_H
#define TINY_SOURCE_H

#include "sluice/abi/plugin.h"
#include "tiny_frame.h"
#include "tiny_misdeeds.h"

#ifndef TINY_BATCHES
#define TINY_BATCHES 4u
#endif
#ifndef TINY_IN_CREATE
#define TINY_IN_CREATE
#endif
#ifndef TINY_IN_UNITS
#define TINY_IN_UNITS
#endif
#ifndef TINY_IN_CANCEL
#define TINY_IN_CANCEL
#endif
#ifndef TINY_IN_DESTROY
#define TINY_IN_DESTROY
#endif
#ifndef TINY_BETWEEN
#define TINY_BETWEEN
#endif
#ifndef TINY_BEFORE_PUBLISH
#define TINY_BEFORE_PUBLISH
#endif
#ifndef TINY_AFTER_READ
#define TINY_AFTER_READ
#endif
#ifndef TINY_MADE
#define TINY_MADE
#endif
#ifndef TINY_API_SIZE
#define TINY_API_SIZE sizeof(sluice_source_api)
#endif
#ifndef TINY_READ
#define TINY_READ tiny_read
#endif
#ifndef TINY_UNIT
#define TINY_UNIT "{\"unitId\":\"all\",\"contentType\":\"application/json\"}"
#endif

#define TINY_CREATE_SOURCE tiny_make_source
#define TINY_TEMPLATE                                                                     \
  "{\"id\":\"" TINY_ID                                                                    \
  "\",\"title\":\"Tiny\",\"roles\":[\"source\"],\"source\":{\"formats\":[\"documents\"]," \
  "\"modes\":[\"FULL\"],\"slices\":false,\"contentTypes\":[\"application/json\"]},\"configSchema\":{}}"

typedef struct tiny_source {
  const sluice_host* host;
  char config[1024];
} tiny_source;

static void tiny_destroy(void* self) {
  tiny_source* source = (tiny_source*)self;
  TINY_IN_DESTROY;
  free(source);
}

static sluice_status tiny_units(void* self, sluice_emit out, sluice_error* error) {
  tiny_source* source = (tiny_source*)self;
  (void)source, (void)error;
  const sluice_str unit = {TINY_UNIT, sizeof(TINY_UNIT) - 1};
  TINY_IN_UNITS;
  out.emit(out.self, unit);
  return SLUICE_OK;
}

__attribute__((unused)) static sluice_status tiny_read(void* self, const sluice_read_request* request,
                                                       const sluice_writer* out, sluice_error* error) {
  tiny_source* source = (tiny_source*)self;
  (void)request;
  for (uint32_t batch = 0; batch < TINY_BATCHES; ++batch) {
    if (source->host->cancelled(source->host->self)) return SLUICE_CANCELLED;
    sluice_span room = {NULL, 0};
    uint64_t bytes = TINY_FRAME_BYTES;
    sluice_status status = out->claim(out->self, bytes, &room, error);
    if (status != SLUICE_OK) return status;
    tiny_fill(room.data, batch);
    TINY_BEFORE_PUBLISH;
    status = out->publish(out->self, bytes, error);
    if (status != SLUICE_OK) return status;
    if (batch == 0) {
      TINY_BETWEEN;
    }
  }
  TINY_AFTER_READ;
  return SLUICE_OK;
}

static void tiny_cancel(void* self) {
  tiny_source* source = (tiny_source*)self;
  (void)source;
  TINY_IN_CANCEL;
}

static sluice_status tiny_make_source(const sluice_host* host, sluice_str template_id, sluice_str config,
                                      sluice_source* out, sluice_error* error) {
  (void)template_id, (void)error;
  static const sluice_source_api api = {TINY_API_SIZE, 0,    tiny_destroy, tiny_units, TINY_READ,
                                        NULL,          NULL, NULL,         NULL,       tiny_cancel};
  tiny_source* source = (tiny_source*)calloc(1, sizeof *source);
  if (!source) return SLUICE_SYSTEM;
  source->host = host;
  if (config.size < sizeof source->config) memcpy(source->config, config.data, config.size);
  TINY_IN_CREATE;
  out->self = source;
  out->api = &api;
  TINY_MADE;
  return SLUICE_OK;
}

#include "../../host/plugin/wrong/tiny_plugin.h"

#endif
