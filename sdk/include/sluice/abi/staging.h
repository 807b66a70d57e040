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
  sluice_str stage_id; /* empty: a new session; else open that one again, or with `create` make it */
  uint32_t create;     /* not 0: a new session under the name `stage_id` */
  uint32_t ends;       /* which ends of the streams the opener uses; the others may be another process's */
  sluice_str note;     /* of a new session: kept with it from its first moment; see annotate */
} sluice_staging_request;

/* ends */
#define SLUICE_STAGING_BOTH 0u
#define SLUICE_STAGING_WRITER 1u
#define SLUICE_STAGING_READER 2u

/* How a stream was sealed, in the writer's words; given back by state. */
#define SLUICE_SEAL_FINISHED 0u /* the source has no more */
#define SLUICE_SEAL_LIMITED 1u  /* the source stopped at a limit of the policy; there may be more */
#define SLUICE_SEAL_CUT_OFF                                                            \
  2u /* the source failed or was stopped: this owner adds no more, and nothing is kept \
        that says so, since whoever opens the session again may go on */

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
  /* Makes the claim's first `bytes` visible to the reader, at once or as soon as they are as durable as was
   * asked for; what fails then comes back from a later call, seal at the latest. [writer] */
  sluice_status (*publish)(void* self, uint32_t stream, uint64_t bytes, sluice_error* error);
  /* Gives the claim back. [writer] */
  void (*abandon)(void* self, uint32_t stream);
  /* No more frames will come; `how` is one of SLUICE_SEAL_... [writer] */
  sluice_status (*seal)(void* self, uint32_t stream, uint32_t how, sluice_error* error);

  /* The next frame in order, valid until its release; size 0 at the end: the stream is sealed, or its writer
   * is gone. Frames that were found damaged are left out and counted in state as lost. Blocks while empty,
   * but no longer than `wait_ms`, then gives a NULL pointer and size 1: nothing yet. [reader] */
  sluice_status (*next)(void* self, uint32_t stream, uint64_t wait_ms, sluice_bytes* out,
                        sluice_error* error);
  /* The reader is done with the bytes of the oldest frame it holds. [reader] */
  void (*release)(void* self, uint32_t stream);
  /* Everything up to this sequence is committed by the sink and never needed again. `checkpoint`: JSON, the
   * source's newest one at or before it, for whoever opens the session again; empty: as at the last call.
   * [reader] */
  sluice_status (*acknowledge)(void* self, uint32_t stream, uint64_t sequence, sluice_str checkpoint,
                               sluice_error* error);

  /* Wakes both sides; every blocked and later claim and next fails with SLUICE_CANCELLED. [any thread] */
  void (*cancel)(void* self);
  /* [any thread] */
  void (*stats)(void* self, sluice_staging_stats* out);

  /* What follows is there in providers whose sessions outlive their process, and NULL in others. */

  /* Emits one JSON object: first (sequence of the oldest frame still needed), next (one past the newest whole
   * frame), sealed, how, writerAlive, committed (the last acknowledgement's checkpoint, or null), checkpoint
   * (the newest staged, or null), afterCheckpoint (one past the frame that brought it), forgotten (frames
   * after the last acknowledged one are gone), lostFrames, lostBytes, setAside: [path]. [before the first
   * claim and next, or reader] */
  sluice_status (*state)(void* self, uint32_t stream, sluice_emit out, sluice_error* error);
  /* Before the first claim and next: the reader begins with frame `read_from`, the writer goes on with frame
   * `write_from`, and what is staged from there on is dropped. Either may be UINT64_MAX: as it is. */
  sluice_status (*rewind)(void* self, uint32_t stream, uint64_t read_from, uint64_t write_from,
                          sluice_error* error);
  /* Frames up to this sequence may go though they are not committed: room is needed more than the means to
   * begin again from staging. A later acknowledge heals it. [reader] */
  sluice_status (*forget)(void* self, uint32_t stream, uint64_t sequence, sluice_error* error);
  /* Not 0 when the writer waits, or soon will, for room that only acknowledge or forget can give. [reader] */
  int32_t (*wants_room)(void* self, uint32_t stream);
  /* Keeps a text with the session, durable as its frames are; replaces the one before. [any thread] */
  sluice_status (*annotate)(void* self, sluice_str note, sluice_error* error);
  /* Emits {"note": text}. [any thread] */
  sluice_status (*note)(void* self, sluice_emit out, sluice_error* error);
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

SLUICE_STATIC_ASSERT(sizeof(sluice_staging_request) == 104, "sluice_staging_request layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_staging_stats) == 48, "sluice_staging_stats layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_staging_session_api) == 136, "sluice_staging_session_api layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_staging_provider_api) == 32, "sluice_staging_provider_api layout");

#endif
