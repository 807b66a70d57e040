/* A frame of documents, {"n":100000} and on, made and read by hand. docs/batch-format.md tells the layout. */
#ifndef TINY_FRAME_H
#define TINY_FRAME_H

#include <stdio.h>
#include <string.h>

#include "sluice/abi/frame.h"

#define TINY_RECORDS 25u     /* of a batch */
#define TINY_VALUE_BYTES 12u /* {"n":100000} */
#define TINY_OFFSETS_AT (sizeof(sluice_frame_header) + sizeof(sluice_frame_column))
#define TINY_DATA_AT (TINY_OFFSETS_AT + 128)
#define TINY_FRAME_BYTES (TINY_DATA_AT + 320)

SLUICE_STATIC_ASSERT((TINY_RECORDS + 1) * sizeof(uint32_t) <= 128, "offsets fit");
SLUICE_STATIC_ASSERT(TINY_RECORDS* TINY_VALUE_BYTES <= 320, "values fit");
SLUICE_STATIC_ASSERT(TINY_FRAME_BYTES % SLUICE_FRAME_ALIGNMENT == 0, "a whole frame");

/* The frame of batch 0, 1, 2, ... at `to`, TINY_FRAME_BYTES long. */
static inline void tiny_fill(uint8_t* to, uint32_t batch) {
  sluice_frame_header header;
  sluice_frame_column column;
  memset(&header, 0, sizeof header);
  memset(&column, 0, sizeof column);
  memset(to, 0, TINY_FRAME_BYTES);
  header.magic = SLUICE_FRAME_MAGIC;
  header.version = SLUICE_FRAME_VERSION;
  header.kind = SLUICE_KIND_DOCUMENTS;
  header.header_size = sizeof header;
  header.frame_size = TINY_FRAME_BYTES;
  header.record_count = TINY_RECORDS;
  header.column_count = 1;
  header.payload_bytes = TINY_RECORDS * TINY_VALUE_BYTES;
  header.bytes_read = header.payload_bytes;
  column.role = SLUICE_COLUMN_VALUE;
  column.type = SLUICE_TYPE_BINARY;
  column.offsets.offset = TINY_OFFSETS_AT;
  column.offsets.size = (TINY_RECORDS + 1) * sizeof(uint32_t);
  column.data.offset = TINY_DATA_AT;
  column.data.size = TINY_RECORDS * TINY_VALUE_BYTES;
  memcpy(to, &header, sizeof header);
  memcpy(to + sizeof header, &column, sizeof column);
  for (uint32_t i = 0; i <= TINY_RECORDS; ++i) {
    uint32_t offset = i * TINY_VALUE_BYTES;
    memcpy(to + TINY_OFFSETS_AT + i * sizeof offset, &offset, sizeof offset);
  }
  for (uint32_t i = 0; i < TINY_RECORDS; ++i) {
    char text[24];
    snprintf(text, sizeof text, "{\"n\":%06u}", (100000 + batch * TINY_RECORDS + i) % 1000000);
    memcpy(to + TINY_DATA_AT + i * TINY_VALUE_BYTES, text, TINY_VALUE_BYTES);
  }
}

/* Writes the values of a frame to a file, each with a newline; returns how many. The value column is the
 * first, and no source of the tests keeps delimiters. */
static inline uint32_t tiny_print(const uint8_t* frame, FILE* to) {
  sluice_frame_header header;
  sluice_frame_column column;
  memcpy(&header, frame, sizeof header);
  if (header.record_count == 0) return 0;
  memcpy(&column, frame + header.header_size, sizeof column);
  for (uint32_t i = 0; i < header.record_count; ++i) {
    uint32_t range[2];
    memcpy(range, frame + column.offsets.offset + i * sizeof range[0], sizeof range);
    fwrite(frame + column.data.offset + range[0], 1, range[1] - range[0], to);
    fputc('\n', to);
  }
  return header.record_count;
}

#endif
