// Buffers that a thread keeps to itself.
#include "CKernels.h"

// More than a thread uses at a time.
enum { LW_KEPT_BUFFERS = 8 };

static _Thread_local lw_buffer kept[LW_KEPT_BUFFERS];
static _Thread_local int kept_count, room;

void lw_keep_buffers(int keeps) { room = keeps ? LW_KEPT_BUFFERS : 0; }

lw_buffer lw_take_kept_buffer(size_t count) {
  int best = -1;
  for (int i = 0; i < kept_count; ++i)
    if (kept[i].capacity >= count && (best < 0 || kept[i].capacity < kept[best].capacity)) best = i;
  if (best < 0) return (lw_buffer){0};
  const lw_buffer found = kept[best];
  kept[best] = kept[--kept_count];
  return found;
}

int lw_keep_buffer(lw_buffer buffer) {
  if (kept_count >= room) return 0;
  kept[kept_count++] = buffer;
  return 1;
}
