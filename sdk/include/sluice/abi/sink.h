/* Sluice ABI: a sink endpoint. One instance serves one run (or one slice of it, when the template says that
 * slices may be written in parallel). */
#ifndef SLUICE_ABI_SINK_H
#define SLUICE_ABI_SINK_H

#include "frame.h"
#include "host.h"

typedef struct sluice_write_request {
  uint32_t size;
  uint32_t slice_index; /* 0 and 1 unless this instance writes one slice of several */
  uint32_t slice_count;
  uint32_t incremental; /* not 0: the run adds to what is there; 0: it replaces the unit's data */
  sluice_str unit_id;
  sluice_str unit_key;     /* names source endpoint and unit; the same for every run of the unit */
  sluice_str unit;         /* JSON object of the unit, as the source describes it */
  sluice_str checkpoint;   /* JSON object from which the source goes on, or empty: from the beginning */
  sluice_str format;       /* "documents" or "tables" */
  sluice_str content_type; /* of documents: application/json, text/plain, ... */
  sluice_str
      durability; /* what a commit must mean: "os" (survives the process) or "disk" (survives power loss) */
  sluice_str run_id;
  uint64_t epoch; /* the caller's number of this attempt at the unit, rising; 0: it has none */
} sluice_write_request;

/* What the sink did with one batch; written + rejected + filtered must equal its record count. */
typedef struct sluice_write_result {
  uint32_t size;
  uint32_t reserved;
  uint64_t written;
  uint64_t rejected;
  uint64_t filtered;
  uint64_t bytes; /* as the sink counts them */
} sluice_write_result;

/* Takes the records of the current batch that the sink rejects. [thread of write()] */
typedef struct sluice_sink_rejects {
  uint32_t size;
  uint32_t reserved;
  void* self;
  /* Fails when the policy tolerates no more: return that status from write(). */
  sluice_status (*reject)(void* self, uint32_t record, sluice_str code, sluice_str reason,
                          sluice_error* error);
} sluice_sink_rejects;

/* The identity of everything written so far, to be stored with the data by sinks that can.
 *
 * Fencing: two attempts at one unit may be alive at once, since a worker that is given up may still run. A
 * sink that keeps tokens lets only the newest one commit: open() makes every instance that was opened before
 * for the same unit_key fail its next commit with E_FENCED (SLUICE_CONFIG), and fails so itself when a higher
 * epoch than the request's (which is then not 0) was there before. */
typedef struct sluice_commit_token {
  uint32_t size;
  uint32_t final_commit; /* not 0: nothing follows; make the unit's output visible */
  sluice_str token; /* JSON object: runId, stageId, stageKey, checkpoint, slices: [{slice, sequence, digest}];
                       empty checkpoint is null */
} sluice_commit_token;

/* What a commit reached. */
#define SLUICE_COMMIT_DURABLE 0u  /* everything written so far has the durability asked for */
#define SLUICE_COMMIT_DEFERRED 1u /* accepted, but durable and visible only at the final commit */

/* Threads: every function is called by one thread at a time; cancel is [any thread].
 * State: open, then any number of write and commit, a final commit or abort, then destroy. */
typedef struct sluice_sink_api {
  uint32_t size;
  uint32_t reserved;

  /* Required. Frees the instance; what was not committed is given up. */
  void (*destroy)(void* self);

  /* Required. Makes ready to write. May emit once the last token that the sink holds for `unit_key`. */
  sluice_status (*open)(void* self, const sluice_write_request* request, sluice_emit last_token,
                        sluice_error* error);

  /* Required. Writes one batch: a valid frame, read-only, valid for the call. SLUICE_TRANSIENT means that
   * nothing of it was applied and the same call may be made again. */
  sluice_status (*write)(void* self, sluice_bytes frame, const sluice_sink_rejects* rejects,
                         sluice_write_result* result, sluice_error* error);

  /* Required. Sets *reached. SLUICE_TRANSIENT means that the same call may be made again. */
  sluice_status (*commit)(void* self, const sluice_commit_token* token, uint32_t* reached,
                          sluice_error* error);

  /* Optional. Takes back what was written after the last durable commit, as far as the sink can. */
  sluice_status (*abort)(void* self, sluice_error* error);

  /* Optional. Reaches out as open would, and writes nothing. [before open] */
  sluice_status (*check)(void* self, sluice_error* error);

  /* Optional. Makes a blocked call return soon. [any thread] */
  void (*cancel)(void* self);
} sluice_sink_api;

typedef struct sluice_sink {
  uint32_t size;
  uint32_t reserved;
  void* self;
  const sluice_sink_api* api;
} sluice_sink;

SLUICE_STATIC_ASSERT(sizeof(sluice_write_request) == 152, "sluice_write_request layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_write_result) == 40, "sluice_write_result layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_commit_token) == 24, "sluice_commit_token layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_sink_api) == 64, "sluice_sink_api layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_sink) == 24, "sluice_sink layout");

#endif
