/* The C API from a C program: a run with progress and cancellation, through libsluice.so and the bundled
 * plugins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluice/host/host.h"

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

struct seen {
  int calls;
  int done;
  sluice_cancellation* cancel_when_moving;
};

static void on_progress(void* self, const char* progress) {
  struct seen* seen = self;
  ++seen->calls;
  if (strstr(progress, "\"done\":true")) ++seen->done;
  /* Once something is written there is something to commit. */
  if (seen->cancel_when_moving && !strstr(progress, "\"recordsWritten\":0,"))
    sluice_cancellation_drain(seen->cancel_when_moving);
}

#define REQUEST(count, more)                                                                          \
  "{\"unitId\":\"records\",\"policy\":{\"templateId\":\"generator\",\"parameters\":{\"count\":" count \
  "},"                                                                                                \
  "\"sink\":{\"templateId\":\"null\"}" more "}}"
#define STAGED(count, stage)                                                     \
  "{\"unitId\":\"records\",\"stageRef\":\"" stage                                \
  "\",\"policy\":{\"templateId\":\"generator\",\"parameters\":{\"count\":" count \
  "},\"sink\":{\"templateId\":\"null\"}}}"

/* The two halves of a run, and the rest of one that was stopped, over a staging folder of their own. */
static void check_halves(const char* plugins, const char* cache) {
  char folder[] = "/tmp/sluice-c-api-XXXXXX", file[128], options[4096], *text = NULL;
  if (!mkdtemp(folder)) {
    CHECK(!"a temporary folder");
    return;
  }
  snprintf(file, sizeof file, "%s/sluice.yaml", folder);
  FILE* configuration = fopen(file, "w");
  if (configuration) {
    fputs("version: 1\nstaging: { mmap: { dir: ./stage, minFree: 0 } }\n", configuration);
    fclose(configuration);
  }
  snprintf(
      options, sizeof options,
      "{\"useEnvironment\":false,\"configFile\":\"%s\",\"pluginFolders\":[\"%s\"],\"cacheFolder\":\"%s\"}",
      file, plugins, cache);
  sluice_embedded_host* host = sluice_host_open(options, &text);
  CHECK(host != NULL);
  if (!host) return;

  CHECK(sluice_host_export(host, STAGED("\"1000\"", "mmap:half"), NULL, NULL, NULL, 0, &text) == 0);
  CHECK(text && strstr(text, "\"stageRef\":\"mmap:half\"") && strstr(text, "\"recordsWritten\":0,"));
  sluice_text_free(text);
  CHECK(sluice_host_import(host, "{\"stageRef\":\"mmap:half\"}", 0, NULL, NULL, NULL, 0, &text) == 0);
  CHECK(text && strstr(text, "\"recordsWritten\":1000,") && strstr(text, "\"stageRef\":null"));
  sluice_text_free(text);
  CHECK(sluice_host_import(host, "{\"stageRef\":\"mmap:half\"}", 0, NULL, NULL, NULL, 0, &text) == 2);
  CHECK(text && strstr(text, "E_STAGE_UNKNOWN"));
  sluice_text_free(text);
  CHECK(sluice_host_import(host, "{}", 0, NULL, NULL, NULL, 0, &text) == 2);
  CHECK(text && strstr(text, "E_REQUEST_INVALID"));
  sluice_text_free(text);

  sluice_cancellation* stop = sluice_cancellation_new();
  sluice_cancellation_drain(stop);
  CHECK(sluice_host_export(host, STAGED("\"1000\"", "mmap:rest"), NULL, NULL, NULL, 0, &text) == 0);
  sluice_text_free(text);
  CHECK(sluice_host_import(host, "{\"stageRef\":\"mmap:rest\"}", 1, stop, NULL, NULL, 0, &text) == 6);
  CHECK(text && strstr(text, "\"stageRef\":\"mmap:rest\""));
  sluice_text_free(text);
  sluice_cancellation_free(stop);
  struct seen seen = {0, 0, NULL};
  CHECK(sluice_host_resume(host, "{\"stageRef\":\"mmap:rest\"}", NULL, on_progress, &seen, 1, &text) == 0);
  CHECK(text && strstr(text, "\"recordsWritten\":1000,") && seen.done == 1);
  sluice_text_free(text);
  CHECK(sluice_host_resume(host, NULL, NULL, NULL, NULL, 0, &text) == 2);
  sluice_text_free(text);
  sluice_host_close(host);

  unlink(file);
  snprintf(file, sizeof file, "rm -r %s", folder);
  CHECK(system(file) == 0);
}

int main(int count, char** words) {
  char options[4096], *text = NULL;
  CHECK(count == 3);
  if (count != 3) return 1;
  snprintf(
      options, sizeof options,
      "{\"useEnvironment\":false,\"pluginFolders\":[\"%s\"],\"cacheFolder\":\"%s\",\"watchPlugins\":true}",
      words[1], words[2]);
  CHECK(sluice_host_open("{\"configFiel\":\"x\"}", &text) == NULL);
  CHECK(text != NULL && strstr(text, "E_KEY_UNKNOWN"));
  sluice_text_free(text);

  sluice_embedded_host* host = sluice_host_open(options, &text);
  CHECK(host != NULL && text == NULL);
  if (!host) return 1;

  struct seen seen = {0, 0, NULL};
  CHECK(sluice_host_run(host, REQUEST("\"1000\"", ""), NULL, on_progress, &seen, 1, &text) == 0);
  CHECK(text && strstr(text, "\"recordsWritten\":1000,") && strstr(text, "\"status\":\"succeeded\""));
  CHECK(seen.done == 1);
  sluice_text_free(text);

  CHECK(sluice_host_run(host, "{", NULL, NULL, NULL, 0, &text) == 2);
  CHECK(text && strstr(text, "E_REQUEST_INVALID"));
  sluice_text_free(text);

  struct seen cancelling = {0, 0, sluice_cancellation_new()};
  CHECK(sluice_host_run(host, REQUEST("100000000000", ",\"mode\":\"INCREMENTAL\""),
                        cancelling.cancel_when_moving, on_progress, &cancelling, 1, &text) == 6);
  CHECK(text && strstr(text, "\"status\":\"cancelled\"") && strstr(text, "\"newCheckpoint\":{\"next\":"));
  sluice_text_free(text);
  sluice_cancellation_free(cancelling.cancel_when_moving);

  CHECK(sluice_host_ask(host, "plugins", NULL, NULL, &text) == 0);
  CHECK(text && strstr(text, "\"generator\""));
  sluice_text_free(text);
  CHECK(sluice_host_ask(host, "plugins-reload", NULL, NULL, &text) == 0);
  CHECK(text && strstr(text, "\"replaced\":[]"));
  sluice_text_free(text);
  CHECK(sluice_host_ask(host, "plugins-retry", "no-such-plugin", NULL, &text) == 2);
  CHECK(text && strstr(text, "E_PLUGIN_UNKNOWN"));
  sluice_text_free(text);
  CHECK(sluice_host_ask(host, "describe", "generater", NULL, &text) == 2);
  CHECK(text && strstr(text, "generator"));
  sluice_text_free(text);
  CHECK(sluice_host_ask(host, "unitz", "generator", NULL, &text) == 2);
  sluice_text_free(text);
  sluice_host_close(host);
  check_halves(words[1], words[2]);
  if (!failures) printf("c_api_test: no failures\n");
  return failures ? 1 : 0;
}
