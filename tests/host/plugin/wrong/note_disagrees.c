/* The note shows another descriptor than the entry. */
#define TINY_ID "tiny.mask"
#define TINY_NOTE_DESCRIPTOR                                                                           \
  "{\"plugin\":{\"id\":\"tiny\",\"version\":\"1.0\"},\"templates\":[{\"id\":\"tiny.face\",\"roles\":[" \
  "\"source\"],"                                                                                       \
  "\"source\":{\"formats\":[\"documents\"],\"modes\":[\"FULL\"]},\"configSchema\":{}}]}"
#include "tiny_plugin.h"
