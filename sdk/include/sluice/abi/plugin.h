/* Sluice ABI: what a plugin library exports: one constant, `sluice_plugin_entry`, and one ELF note with the
 * same descriptor, so that the host knows the plugin before any of its code runs. */
#ifndef SLUICE_ABI_PLUGIN_H
#define SLUICE_ABI_PLUGIN_H

#include "sink.h"
#include "source.h"
#include "staging.h"

#define SLUICE_PLUGIN_SYMBOL "sluice_plugin_entry"
#define SLUICE_NOTE_SECTION ".note.sluice"
#define SLUICE_NOTE_NAME "Sluice"
#define SLUICE_NOTE_DESCRIPTOR 1u /* note type: ABI range, then descriptor JSON */
#define SLUICE_DESCRIPTOR_MAX_BYTES 1048576u

/* The note's content after its name: this struct, then `descriptor_bytes` of JSON. */
typedef struct sluice_note {
  uint32_t abi_oldest;  /* oldest host ABI the plugin can live in */
  uint32_t abi_version; /* ABI it was built with */
  uint32_t descriptor_bytes;
  uint32_t reserved;
} sluice_note;

/* The descriptor (JSON):
 * { "plugin": { "id", "version", "vendor", "license", "description" },
 *   "templates": [ { "id", "title", "description", "roles": ["source", "sink", "staging"],
 *       "source": { "formats": [...], "modes": ["FULL", "INCREMENTAL"], "slices": bool, "contentTypes": [...]
 * }, "sink": { "formats": [...], "delivery": "transactional" | "idempotent" | "append" | "none", "slices":
 * "parallel" | "ordered" | "any", "contentTypes": [...] }, "configSchema": { JSON Schema draft-07; secrets
 * carry "x-secret": true } } ] }
 */
typedef struct sluice_plugin {
  uint32_t size;
  uint32_t abi_version;
  uint32_t abi_oldest;
  uint32_t reserved;
  sluice_str descriptor; /* static; equal to the note's */

  /* Create one instance from a configuration that fits the template's schema, references resolved. They may
   * be called from several threads at once. NULL when no template has the role. On failure *out is untouched.
   */
  sluice_status (*create_source)(const sluice_host* host, sluice_str template_id, sluice_str config,
                                 sluice_source* out, sluice_error* error);
  sluice_status (*create_sink)(const sluice_host* host, sluice_str template_id, sluice_str config,
                               sluice_sink* out, sluice_error* error);
  sluice_status (*create_staging)(const sluice_host* host, sluice_str template_id, sluice_str config,
                                  sluice_staging_provider* out, sluice_error* error);
} sluice_plugin;

SLUICE_STATIC_ASSERT(sizeof(sluice_note) == 16, "sluice_note layout");
SLUICE_STATIC_ASSERT(offsetof(sluice_plugin, descriptor) == 16, "sluice_plugin layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_plugin) == 56, "sluice_plugin layout");

#endif
