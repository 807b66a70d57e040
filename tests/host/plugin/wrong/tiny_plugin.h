/* A whole plugin in C, straight against the ABI. Each file beside this one defines what is wrong with it,
 * then includes this. TINY_ABORTS_WHEN_LOADED is for those that the host must refuse before any of their code
 * runs. */
#ifndef TINY_PLUGIN_H
#define TINY_PLUGIN_H

#include <stdlib.h>

#include "sluice/abi/plugin.h"

#ifndef TINY_ID
#define TINY_ID "tiny.template"
#endif
#ifndef TINY_TEMPLATE
#define TINY_TEMPLATE                                                                     \
  "{\"id\":\"" TINY_ID                                                                    \
  "\",\"title\":\"Tiny\",\"roles\":[\"source\"],\"source\":{\"formats\":[\"documents\"]," \
  "\"modes\":[\"FULL\"],\"slices\":false,\"contentTypes\":[\"text/plain\"]},\"configSchema\":{}}"
#endif
#ifndef TINY_PLUGIN
#define TINY_PLUGIN "tiny"
#endif
#ifndef TINY_DESCRIPTOR
#define TINY_DESCRIPTOR                \
  "{\"plugin\":{\"id\":\"" TINY_PLUGIN \
  "\",\"version\":\"1.0\",\"vendor\":\"Sluice tests\"},\"templates\":[" TINY_TEMPLATE "]}"
#endif
#ifndef TINY_NOTE_DESCRIPTOR
#define TINY_NOTE_DESCRIPTOR TINY_DESCRIPTOR
#endif
#ifndef TINY_NOTE_DESCRIPTOR_BYTES
#define TINY_NOTE_DESCRIPTOR_BYTES (sizeof(TINY_NOTE_DESCRIPTOR) - 1)
#endif
#ifndef TINY_ABI_OLDEST
#define TINY_ABI_OLDEST 1
#endif
#ifndef TINY_ABI_VERSION
#define TINY_ABI_VERSION 1
#endif
#ifndef TINY_ENTRY_ABI_VERSION
#define TINY_ENTRY_ABI_VERSION TINY_ABI_VERSION
#endif
#ifndef TINY_ENTRY_SIZE
#define TINY_ENTRY_SIZE sizeof(sluice_plugin)
#endif
#ifndef TINY_CREATE_SOURCE
#define TINY_CREATE_SOURCE tiny_create_source
#endif
#ifndef TINY_CREATE_SINK
#define TINY_CREATE_SINK NULL
#endif

#ifdef TINY_ABORTS_WHEN_LOADED
__attribute__((constructor)) static void tiny_abort(void) {
  abort();
}
#endif

#ifndef TINY_WITHOUT_NOTE
static const struct {
  uint32_t name_bytes;
  uint32_t content_bytes;
  uint32_t type;
  char name[8];
  sluice_note head;
  char descriptor[sizeof(TINY_NOTE_DESCRIPTOR)];
} tiny_note __attribute__((section(SLUICE_NOTE_SECTION), used, aligned(4))) = {
    sizeof(SLUICE_NOTE_NAME),
    sizeof(sluice_note) + sizeof(TINY_NOTE_DESCRIPTOR),
    SLUICE_NOTE_DESCRIPTOR,
    SLUICE_NOTE_NAME,
    {TINY_ABI_OLDEST, TINY_ABI_VERSION, TINY_NOTE_DESCRIPTOR_BYTES, 0},
    TINY_NOTE_DESCRIPTOR};
#endif

#ifndef TINY_WITHOUT_ENTRY
__attribute__((unused)) static sluice_status tiny_create_source(const sluice_host* host,
                                                                sluice_str template_id, sluice_str config,
                                                                sluice_source* out, sluice_error* error) {
  (void)host, (void)template_id, (void)config, (void)out, (void)error;
  return SLUICE_CONFIG;
}

#ifdef __cplusplus
extern "C" {
#endif
SLUICE_EXPORT extern const sluice_plugin sluice_plugin_entry;
const sluice_plugin sluice_plugin_entry = {TINY_ENTRY_SIZE,
                                           TINY_ENTRY_ABI_VERSION,
                                           TINY_ABI_OLDEST,
                                           0,
                                           {TINY_DESCRIPTOR, sizeof(TINY_DESCRIPTOR) - 1},
                                           TINY_CREATE_SOURCE,
                                           TINY_CREATE_SINK,
                                           NULL};
#ifdef __cplusplus
}
#endif
#endif

#endif
