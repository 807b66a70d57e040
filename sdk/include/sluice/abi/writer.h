/* Sluice ABI: how a source puts batches into staging: claim room, fill it in place, publish. Two calls a
 * batch. All functions are [the thread that runs read()]. */
#ifndef SLUICE_ABI_WRITER_H
#define SLUICE_ABI_WRITER_H

#include "error.h"

/* A record that cannot be read. It is counted, and written to the dead-letter file when the policy names one.
 */
typedef struct sluice_rejection {
  uint32_t size;
  uint32_t reserved;
  sluice_str code;    /* E_... */
  sluice_str reason;  /* in words */
  sluice_str where;   /* file:line, or whatever locates it */
  sluice_bytes value; /* the bytes as read, possibly cut; may be empty */
} sluice_rejection;

typedef struct sluice_writer {
  uint32_t size;
  uint32_t max_batch_records; /* publish when a batch has so many records, ... */
  uint64_t max_batch_bytes;   /* ... or so many bytes of values, ... */
  uint64_t max_batch_delay;   /* ... or its first record is so many milliseconds old */
  uint64_t max_frame_bytes;   /* claims above this are refused; a record must fit */
  uint64_t max_records;       /* stop, successfully, after so many records; UINT64_MAX when unlimited */
  uint64_t max_bytes; /* stop, successfully, after so many bytes of values; UINT64_MAX when unlimited */
  void* self;

  /* Room of at least `min_bytes`, aligned to SLUICE_FRAME_ALIGNMENT, valid until publish, abandon or the end
   * of read. Blocks while staging is full. One claim at a time; its contents are undefined. */
  sluice_status (*claim)(void* self, uint64_t min_bytes, sluice_span* out, sluice_error* error);

  /* Hands over the frame that stands at the start of the claim, `bytes` long. The host checks its structure,
   * stamps sequence, accounting and checksum. A malformed frame fails the run. */
  sluice_status (*publish)(void* self, uint64_t bytes, sluice_error* error);

  /* Gives the claim back unused. */
  void (*abandon)(void* self);

  /* Counts one rejected record. Fails when the policy tolerates no more: return that status from read(). */
  sluice_status (*reject)(void* self, const sluice_rejection* rejection, sluice_error* error);

  /* Counts records that the source leaves out on purpose. */
  void (*filter)(void* self, uint64_t records);

  /* Tells how many bytes the source expects to read in all, for progress; may be called again. */
  void (*expect)(void* self, uint64_t bytes);
} sluice_writer;

SLUICE_STATIC_ASSERT(offsetof(sluice_writer, self) == 48, "sluice_writer layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_writer) == 104, "sluice_writer layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_rejection) == 72, "sluice_rejection layout");

#endif
