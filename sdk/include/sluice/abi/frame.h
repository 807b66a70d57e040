/* Sluice ABI: the batch frame, the unit of staging, hand-over and acknowledgement. docs/batch-format.md
 * explains it.
 *
 * A frame is one contiguous, position-independent run of bytes: header, column directory, 64-byte aligned
 * buffers laid out as Apache Arrow lays them out, schema names, attached checkpoint. All offsets count from
 * the frame's first byte, all numbers are little-endian, and padding is zero.
 */
#ifndef SLUICE_ABI_FRAME_H
#define SLUICE_ABI_FRAME_H

#include "base.h"

#define SLUICE_FRAME_MAGIC 0x31424c53u /* "SLB1" */
#define SLUICE_FRAME_VERSION 1u
#define SLUICE_FRAME_ALIGNMENT 64u
#define SLUICE_FRAME_MAX_BYTES 0x40000000u /* 1 GiB: every 32-bit offset is safe */
#define SLUICE_FRAME_MAX_COLUMNS 4096u
#define SLUICE_CHECKPOINT_MAX_BYTES 65536u

/* kind */
#define SLUICE_KIND_DOCUMENTS 1u
#define SLUICE_KIND_TABLE 2u

/* flags */
#define SLUICE_FRAME_DELIMITED \
  1u /* documents: each value is followed by the byte `delimiter`, inside its range */
#define SLUICE_FRAME_LAST_UNDELIMITED 2u /* ... except the last one */

/* Column roles. Documents have VALUE first, then any of the others once; tables have only FIELDs. */
#define SLUICE_COLUMN_FIELD 0u
#define SLUICE_COLUMN_VALUE 1u      /* binary */
#define SLUICE_COLUMN_KEY 2u        /* binary, nullable */
#define SLUICE_COLUMN_OP 3u         /* int64: 0 upsert, 1 delete */
#define SLUICE_COLUMN_EVENT_TIME 4u /* timestamp, nullable */
#define SLUICE_COLUMN_HEADERS 5u    /* json, nullable: an object of strings */

/* Column types, and the Arrow type each is laid out as. */
#define SLUICE_TYPE_BOOL 1u      /* bool: one bit a value, least significant first */
#define SLUICE_TYPE_INT64 2u     /* int64 */
#define SLUICE_TYPE_FLOAT64 3u   /* double */
#define SLUICE_TYPE_UTF8 4u      /* utf8: 32-bit offsets, then bytes */
#define SLUICE_TYPE_BINARY 5u    /* binary */
#define SLUICE_TYPE_DATE32 6u    /* date32: days since 1970-01-01 */
#define SLUICE_TYPE_TIMESTAMP 7u /* timestamp[us, UTC] */
#define SLUICE_TYPE_JSON 8u      /* utf8, each value one JSON text */

/* A range inside the frame; {0, 0} is "absent". */
typedef struct sluice_range {
  uint32_t offset;
  uint32_t size;
} sluice_range;

typedef struct sluice_frame_header {
  uint32_t magic;
  uint16_t version;
  uint16_t kind;
  uint32_t header_size; /* sizeof(sluice_frame_header) of the writer; the directory begins there */
  uint32_t flags;
  uint64_t sequence;     /* set by the host: 0, 1, 2, ... in each slice's stream */
  uint64_t frame_size;   /* whole frame, a multiple of SLUICE_FRAME_ALIGNMENT */
  uint32_t record_count; /* may be 0: a frame that carries only accounting and a checkpoint */
  uint32_t column_count;
  sluice_range checkpoint; /* JSON object: where to go on after all records up to here */
  uint32_t rejected;       /* set by the host: records refused since the previous frame */
  uint32_t filtered;       /* set by the host: records left out on purpose since the previous frame */
  uint64_t payload_bytes;  /* the records' own bytes, without framing: what statistics count */
  uint64_t bytes_read;     /* source bytes consumed since the previous frame, as the source counts them */
  uint8_t delimiter;
  uint8_t reserved[47];
  uint64_t checksum; /* set by the host: XXH3-64 of what follows the header, seeded with XXH3-64 of the header
                        before this field */
} sluice_frame_header;

typedef struct sluice_frame_column {
  uint32_t role;
  uint32_t type;
  sluice_range name;     /* tables: UTF-8, unique in the frame */
  uint32_t null_count;   /* exact */
  sluice_range validity; /* one bit a record, 1 = present; absent when null_count is 0 */
  sluice_range offsets;  /* utf8, binary, json: record_count + 1 ascending 32-bit offsets into data */
  sluice_range data;
  uint32_t reserved[5];
} sluice_frame_column;

SLUICE_STATIC_ASSERT(sizeof(sluice_frame_header) == 128, "frame header layout");
SLUICE_STATIC_ASSERT(offsetof(sluice_frame_header, sequence) == 16, "frame header layout");
SLUICE_STATIC_ASSERT(offsetof(sluice_frame_header, checkpoint) == 40, "frame header layout");
SLUICE_STATIC_ASSERT(offsetof(sluice_frame_header, delimiter) == 72, "frame header layout");
SLUICE_STATIC_ASSERT(offsetof(sluice_frame_header, checksum) == 120, "frame header layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_frame_column) == 64, "frame column layout");

#endif
