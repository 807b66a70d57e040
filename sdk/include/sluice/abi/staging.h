/* Sluice ABI: a staging provider, the buffer between source and sink. A session holds one ordered stream of
 * frames per slice; each stream has one writer and one reader, on any threads, in any order of speed. */
#ifndef SLUICE_ABI_STAGING_H
#define SLUICE_ABI_STAGING_H

#include "host.h"

/* What survives what. Each includes the ones before it. */
#define SLUICE_DURABILITY_MEMORY 0u /* lost with the process */
#define SLUICE_DURABILITY_OS 1u     /* survives the process */
#define SLUICE_DURABILITY_DISK 2u   /* survives power loss */

#define SLUICE_WHEN_FULL_BLOCK 0u
#define SLUICE_WHEN_FULL_FAIL 1u /* claim fails with E_STAGING_FULL, SLUICE_TRANSIENT */

typedef struct sluice_staging_request {
  uint32_t size;
  uint32_t slice_count; /* streams in the session */
  uint32_t durability;  /* at least this */
  uint32_t when_full;
  uint64_t max_bytes;       /* of all streams together */
  uint64_t max_batch_bytes; /* the usual frame is about this large */
  sluice_str run_id;
  sluice_str unit_key;
  sluice_str stage_id; /* empty: a new session; else open that one again */
} sluice_staging_request;

typedef struct sluice_staging_stats {
  uint32_t size;
  uint32_t reserved;
  uint64_t used_bytes;
  uint64_t peak_bytes;
  uint64_t capacity_bytes;
  uint64_t blocked_ns; /* writers waited for room */
  uint64_t starved_ns; /* readers waited for frames */
} sluice_staging_stats;

/* Functions of an open session. `stream` is 0 .. slice_count - 1. Frames come sealed: sequence and checksum
 * stand. */
typedef struct sluice_staging_session_api {
  uint32_t size;
  uint32_t reserved;

  /* Frees what the session holds. keep not 0: as far as the provider can, leave the data for another process.
   * [one thread, after every other call has returned] */
  void (*close)(void* self, int32_t keep);

  /* Room for one frame of up to `min_bytes`, 64-byte aligned. Blocks or fails while full. A frame that can
   * never fit is E_BATCH_TOO_LARGE, SLUICE_CONFIG. [the stream's writer thread] */
  sluice_status (*claim)(void* self, uint32_t stream, uint64_t min_bytes, sluice_span* out,
                         sluice_error* error);
  /* Makes the claim's first `bytes` visible to the reader. [writer] */
  sluice_status (*publish)(void* self, uint32_t stream, uint64_t bytes, sluice_error* error);
  /* Gives the claim back. [writer] */
  void (*abandon)(void* self, uint32_t stream);
  /* No more frames will come. [writer] */
  sluice_status (*seal)(void* self, uint32_t stream, sluice_error* error);

  /* The next frame in order, valid until its release; size 0 at the end of a sealed stream. Blocks while
   * empty, but no longer than `wait_ms`, then gives a NULL pointer and size 1: nothing yet. [reader] */
  sluice_status (*next)(void* self, uint32_t stream, uint64_t wait_ms, sluice_bytes* out,
                        sluice_error* error);
  /* The reader is done with the bytes of the oldest frame it holds. [reader] */
  void (*release)(void* self, uint32_t stream);
  /* Everything up to this sequence is committed by the sink and never needed again. [reader] */
  sluice_status (*acknowledge)(void* self, uint32_t stream, uint64_t sequence, sluice_error* error);

  /* Wakes both sides; every blocked and later claim and next fails with SLUICE_CANCELLED. [any thread] */
  void (*cancel)(void* self);
  /* [any thread] */
  void (*stats)(void* self, sluice_staging_stats* out);
} sluice_staging_session_api;

typedef struct sluice_staging_session {
  uint32_t size;
  uint32_t reserved;
  void* self;
  const sluice_staging_session_api* api;
} sluice_staging_session;

typedef struct sluice_staging_provider_api {
  uint32_t size;
  uint32_t strongest_durability; /* that any session can have */
  void (*destroy)(void* self);   /* after all sessions are closed */
  /* Opens a session and emits {"stageId": "..."} once. [any thread] */
  sluice_status (*open)(void* self, const sluice_staging_request* request, sluice_emit out,
                        sluice_staging_session* session, sluice_error* error);
  /* The largest frame that a session of this request can take. [any thread] */
  uint64_t (*max_frame_bytes)(void* self, const sluice_staging_request* request);
} sluice_staging_provider_api;

typedef struct sluice_staging_provider {
  uint32_t size;
  uint32_t reserved;
  void* self;
  const sluice_staging_provider_api* api;
} sluice_staging_provider;

SLUICE_STATIC_ASSERT(sizeof(sluice_staging_request) == 80, "sluice_staging_request layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_staging_stats) == 48, "sluice_staging_stats layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_staging_session_api) == 88, "sluice_staging_session_api layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_staging_provider_api) == 32, "sluice_staging_provider_api layout");

#endif
