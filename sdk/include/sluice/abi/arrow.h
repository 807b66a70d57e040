/* The Arrow C Data Interface: how columnar data passes between libraries of one process without a copy. Its
 * two structs are a published ABI that every user declares alike; this declaration follows the specification
 * at https://arrow.apache.org/docs/format/CDataInterface.html and yields to another one under the same guard.
 */
#ifndef SLUICE_ABI_ARROW_H
#define SLUICE_ABI_ARROW_H

#include "base.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

/* A type with its name. A struct whose release is NULL has been released or moved from. */
struct ArrowSchema {
  const char* format;   /* the type, as a NUL-terminated text */
  const char* name;     /* may be NULL */
  const char* metadata; /* count, then length and bytes of each key and value; may be NULL */
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data; /* the producer's */
};

/* The buffers of one column, or of one struct of columns. */
struct ArrowArray {
  int64_t length;
  int64_t null_count; /* -1: not known */
  int64_t offset;     /* values to skip at the start of each buffer */
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif

SLUICE_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(struct ArrowSchema) == 72, "ArrowSchema layout");
SLUICE_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(struct ArrowArray) == 80, "ArrowArray layout");

#endif
