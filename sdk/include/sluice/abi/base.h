/* Sluice ABI: version, strings, spans and result callbacks. Plain C11; every other ABI header builds on it.
 *
 * Rules that hold for the whole ABI:
 *  - Every struct that may grow begins with `size`, set by whoever fills it; fields are only ever appended.
 *    A reader never touches a field at or past the other side's `size`.
 *  - Strings and buffers are pointer + length, not NUL-terminated, borrowed for the duration of the call.
 *  - Nothing allocated on one side is freed on the other: results go to callbacks or caller-provided structs.
 *  - No exception crosses in either direction.
 */
#ifndef SLUICE_ABI_BASE_H
#define SLUICE_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define SLUICE_EXTERN_C extern "C"
#define SLUICE_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define SLUICE_EXTERN_C
#define SLUICE_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define SLUICE_EXPORT __attribute__((visibility("default")))

/* The ABI these headers describe, and the oldest host ABI that a plugin built with them can live in. */
#define SLUICE_ABI_VERSION 1u
#define SLUICE_ABI_OLDEST 1u

/* Borrowed UTF-8 text. `data` may be NULL when `size` is 0. */
typedef struct sluice_str {
  const char* data;
  uint64_t size;
} sluice_str;

/* Borrowed bytes to read. */
typedef struct sluice_bytes {
  const uint8_t* data;
  uint64_t size;
} sluice_bytes;

/* Borrowed bytes to fill. */
typedef struct sluice_span {
  uint8_t* data;
  uint64_t size;
} sluice_span;

/* Takes results one by one, on the caller's thread, before the call that was given it returns.
 * `emit` returns 0 to go on, anything else to stop (the callee then returns SLUICE_OK early). */
typedef struct sluice_emit {
  void* self;
  int32_t (*emit)(void* self, sluice_str json);
} sluice_emit;

SLUICE_STATIC_ASSERT(sizeof(sluice_str) == 16, "sluice_str is pointer + length");
SLUICE_STATIC_ASSERT(sizeof(sluice_bytes) == 16, "sluice_bytes is pointer + length");
SLUICE_STATIC_ASSERT(sizeof(sluice_span) == 16, "sluice_span is pointer + length");
SLUICE_STATIC_ASSERT(sizeof(sluice_emit) == 16, "sluice_emit is context + function");

#endif
