// A whole vector or its first lanes: with a literal 16 the mask vanishes.

LW_INLINE vf vf_load_lanes(const float *p, int lanes) { return lanes == VF ? vf_load(p) : vf_load_n(p, lanes); }
LW_INLINE vi vi_load_lanes(const int32_t *p, int lanes) { return lanes == VF ? vi_load(p) : vi_load_n(p, lanes); }
LW_INLINE void vf_store_lanes(float *p, vf a, int lanes) {
  if (lanes == VF) vf_store(p, a);
  else vf_store_n(p, a, lanes);
}
LW_INLINE void vi_store_lanes(int32_t *p, vi a, int lanes) {
  if (lanes == VF) vi_store(p, a);
  else vi_store_n(p, a, lanes);
}

// Runs call(start, lanes) for whole vectors of 0..<count, then for the rest. `lanes` is a literal in the first.
#define LW_EACH_VECTOR(count, call)                                          \
  do {                                                                       \
    ptrdiff_t start_ = 0;                                                    \
    for (; start_ + VF <= (count); start_ += VF) call(start_, VF);           \
    if (start_ < (count)) call(start_, (int)((count) - start_));             \
  } while (0)

// The same where a call may be repeated, because it only writes what it computes from other arrays: the last whole vector ends with the
// last element, over some that are done already. Only a count below 16 is part of a vector.
#define LW_COVER_VECTORS(count, call)                                                      \
  do {                                                                                     \
    const ptrdiff_t last_ = (count)-VF;                                                    \
    if (last_ < 0) {                                                                       \
      if ((count) > 0) call(0, (int)(count));                                              \
    } else {                                                                               \
      for (ptrdiff_t start_ = 0; start_ < last_; start_ += VF) call(start_, VF);           \
      call(last_, VF);                                                                     \
    }                                                                                      \
  } while (0)
