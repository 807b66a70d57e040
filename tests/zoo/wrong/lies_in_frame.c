/* The offsets of its values lead out of the frame. */
static void lie(unsigned char* frame);
#define TINY_BEFORE_PUBLISH \
  if (batch == 1) lie(room.data)
#include "tiny_source.h"

static void lie(unsigned char* frame) {
  const uint32_t far_away = 0x7fffffff;
  memcpy(frame + TINY_OFFSETS_AT + 4, &far_away, sizeof far_away);
}
