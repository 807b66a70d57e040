/* Sluice ABI: a source endpoint. One instance serves one caller at a time; the host makes an instance per
 * slice. */
#ifndef SLUICE_ABI_SOURCE_H
#define SLUICE_ABI_SOURCE_H

#include "host.h"
#include "writer.h"

/* What one read() shall ingest. JSON texts are empty when absent. */
typedef struct sluice_read_request {
  uint32_t size;
  uint32_t slice_index; /* 0 .. slice_count - 1 */
  uint32_t slice_count; /* 1 when the unit is not sliced */
  uint32_t incremental; /* not 0: go on from `checkpoint`; 0: from the beginning, `checkpoint` is empty */
  sluice_str unit_id;
  sluice_str slice;      /* JSON object from plan(), or empty for the whole unit */
  sluice_str checkpoint; /* JSON object that this source attached earlier, or empty */
  sluice_str format;     /* "documents" or "tables", one that the template declares */
  sluice_str run_id;
  uint32_t threads; /* that read() may keep busy, its caller's included; 1 when it lies past `size` or is 0 */
  uint32_t reserved;
} sluice_read_request;

/* Threads: every function is called by one thread at a time, not necessarily the same; cancel is [any
 * thread]. State: check, unit, units, plan, merge may be called in any order before or after read; read once
 * an instance; destroy last, once, after read has returned. Optional functions may be NULL or lie past
 * `size`. */
typedef struct sluice_source_api {
  uint32_t size;
  uint32_t reserved;

  /* Required. Frees the instance. */
  void (*destroy)(void* self);

  /* Required. Emits each unit as a JSON object: unitId, and optionally title, contentType, bytes, records,
   * modes, formats, schema: [{name, type, nullable}], details. */
  sluice_status (*units)(void* self, sluice_emit out, sluice_error* error);

  /* Required. Reads the unit or slice, publishing batches and checkpoints, and returns when there is no more,
   * or with SLUICE_CANCELLED soon after the host says so. */
  sluice_status (*read)(void* self, const sluice_read_request* request, const sluice_writer* out,
                        sluice_error* error);

  /* Optional. Reaches out as read would, and moves no data. Without it, units() is the test. */
  sluice_status (*check)(void* self, sluice_error* error);

  /* Optional. Emits the one unit named, or fails with E_UNIT_UNKNOWN. Without it the host searches units().
   */
  sluice_status (*unit)(void* self, sluice_str unit_id, sluice_emit out, sluice_error* error);

  /* Optional. Emits up to `max_slices` JSON objects that together cover, each record once, what read() would.
   * Or none: the unit is read as a whole. That is the answer where request->threads is above 1 and read()
   * makes use of them: the sink takes slices in their order, so that all but one would wait. */
  sluice_status (*plan)(void* self, const sluice_read_request* request, uint32_t max_slices, sluice_emit out,
                        sluice_error* error);

  /* Required with plan. Emits the unit's checkpoint, given {"before": checkpoint or null, "slices":
   * [{"slice": ..., "checkpoint": ...}]} of a plan whose slices are all done. */
  sluice_status (*merge)(void* self, sluice_str slices, sluice_emit out, sluice_error* error);

  /* Optional. Makes a blocked read() return soon. [any thread] */
  void (*cancel)(void* self);
} sluice_source_api;

/* Filled by the plugin's create function. */
typedef struct sluice_source {
  uint32_t size;
  uint32_t reserved;
  void* self;
  const sluice_source_api* api; /* static in the plugin */
} sluice_source;

SLUICE_STATIC_ASSERT(sizeof(sluice_read_request) == 104, "sluice_read_request layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_source_api) == 72, "sluice_source_api layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_source) == 24, "sluice_source layout");

#endif
