/* A whole sink in C: documents into the file that the configuration names as "path". Each file beside this
 * one defines what is wrong with it, then includes this. Hooks are statements; they see `sink`:
 *   TINY_IN_OPEN (`last_token`), TINY_IN_WRITE (`frame`, `rejects`, `error`), TINY_IN_COMMIT (`token`),
 *   TINY_IN_CANCEL, TINY_IN_DESTROY
 *   TINY_COUNTED  in write(), when `result` is filled
 *   TINY_REACHED  in commit(), when `*reached` is set */
#ifndef TINY_SINK_H
#define TINY_SINK_H

#include "sluice/abi/plugin.h"
#include "tiny_frame.h"
#include "tiny_misdeeds.h"

#ifndef TINY_IN_OPEN
#define TINY_IN_OPEN
#endif
#ifndef TINY_IN_WRITE
#define TINY_IN_WRITE
#endif
#ifndef TINY_IN_COMMIT
#define TINY_IN_COMMIT
#endif
#ifndef TINY_IN_CANCEL
#define TINY_IN_CANCEL
#endif
#ifndef TINY_IN_DESTROY
#define TINY_IN_DESTROY
#endif
#ifndef TINY_COUNTED
#define TINY_COUNTED
#endif
#ifndef TINY_REACHED
#define TINY_REACHED
#endif
#ifndef TINY_WRITE
#define TINY_WRITE tiny_write
#endif

#define TINY_CREATE_SOURCE NULL
#define TINY_CREATE_SINK tiny_make_sink
#define TINY_TEMPLATE                                                                 \
  "{\"id\":\"" TINY_ID                                                                \
  "\",\"title\":\"Tiny\",\"roles\":[\"sink\"],\"sink\":{\"formats\":[\"documents\"]," \
  "\"delivery\":\"none\",\"slices\":\"any\",\"contentTypes\":[\"application/json\"]},\"configSchema\":{}}"

typedef struct tiny_sink {
  const sluice_host* host;
  FILE* file;
  char config[1024];
} tiny_sink;

static void tiny_destroy(void* self) {
  tiny_sink* sink = (tiny_sink*)self;
  TINY_IN_DESTROY;
  if (sink->file) fclose(sink->file);
  free(sink);
}

static sluice_status tiny_open(void* self, const sluice_write_request* request, sluice_emit last_token,
                               sluice_error* error) {
  tiny_sink* sink = (tiny_sink*)self;
  (void)request, (void)last_token;
  TINY_IN_OPEN;
  char path[512];
  tiny_member(sink->config, "path", path, sizeof path);
  sink->file = fopen(path, "we");
  return sink->file ? SLUICE_OK : tiny_fail(error, "the file cannot be opened");
}

__attribute__((unused)) static sluice_status tiny_write(void* self, sluice_bytes frame,
                                                        const sluice_sink_rejects* rejects,
                                                        sluice_write_result* result, sluice_error* error) {
  tiny_sink* sink = (tiny_sink*)self;
  (void)rejects, (void)error;
  TINY_IN_WRITE;
  result->written = tiny_print(frame.data, sink->file);
  TINY_COUNTED;
  return SLUICE_OK;
}

static sluice_status tiny_commit(void* self, const sluice_commit_token* token, uint32_t* reached,
                                 sluice_error* error) {
  tiny_sink* sink = (tiny_sink*)self;
  TINY_IN_COMMIT;
  if (fflush(sink->file) != 0) return tiny_fail(error, "the file cannot be written");
  *reached = token->final_commit ? SLUICE_COMMIT_DURABLE : SLUICE_COMMIT_DEFERRED;
  TINY_REACHED;
  return SLUICE_OK;
}

static void tiny_cancel(void* self) {
  tiny_sink* sink = (tiny_sink*)self;
  (void)sink;
  TINY_IN_CANCEL;
}

static sluice_status tiny_make_sink(const sluice_host* host, sluice_str template_id, sluice_str config,
                                    sluice_sink* out, sluice_error* error) {
  (void)template_id, (void)error;
  static const sluice_sink_api api = {
      sizeof(sluice_sink_api), 0, tiny_destroy, tiny_open, TINY_WRITE, tiny_commit, NULL, NULL, tiny_cancel};
  tiny_sink* sink = (tiny_sink*)calloc(1, sizeof *sink);
  if (!sink) return SLUICE_SYSTEM;
  sink->host = host;
  if (config.size < sizeof sink->config) memcpy(sink->config, config.data, config.size);
  out->self = sink;
  out->api = &api;
  return SLUICE_OK;
}

#include "../../host/plugin/wrong/tiny_plugin.h"

#endif
