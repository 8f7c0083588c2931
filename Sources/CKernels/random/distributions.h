// What is made of Philox words: bits, uniform and normal numbers, masks, permutations.

LW_INLINE void lw_fill_bits(lw_random r, uint64_t block, const float *unused, float *values) {
  (void)unused;
  const lw_words c = lw_philox(r, block, 0);
  lw_store_words(values, vf_from_bits(c.w[0]), vf_from_bits(c.w[1]), vf_from_bits(c.w[2]), vf_from_bits(c.w[3]));
}

static void lw_random_bits(lw_random r, uint64_t from, uint32_t *y, size_t n) {
  lw_each_group(lw_fill_bits, r, from, NULL, (float *)y, n);
}

// parameters: low, high - low.
LW_INLINE void lw_fill_uniform(lw_random r, uint64_t block, const float *parameters, float *values) {
  const vf low = vf_set1(parameters[0]), width = vf_set1(parameters[1]);
  const lw_words c = lw_philox(r, block, 0);
  lw_store_words(values, vf_fma(lw_unit(c.w[0]), width, low), vf_fma(lw_unit(c.w[1]), width, low),
                 vf_fma(lw_unit(c.w[2]), width, low), vf_fma(lw_unit(c.w[3]), width, low));
}

static void lw_random_uniform(lw_random r, uint64_t from, float low, float high, float *y, size_t n) {
  const float parameters[2] = {low, high - low};
  lw_each_group(lw_fill_uniform, r, from, parameters, y, n);
}

// Box and Muller: two uniform words to two independent standard normal numbers. The radius needs its uniform in (0, 1],
// so the largest normal is sqrt(48 ln 2) = 5.77.
LW_INLINE void lw_box_muller(vi a, vi b, vf *x, vf *y) {
  const vf u = vf_add(lw_unit(a), vf_set1(0x1p-24f));
  const vf radius = vf_sqrt(vf_mul(vf_set1(-2.0f), vf_log(u)));
  vf sine, cosine;
  vf_sincos(lw_unit(b), &sine, &cosine);
  *x = vf_mul(radius, cosine);
  *y = vf_mul(radius, sine);
}

typedef struct { vf z[4]; } lw_normals;

LW_INLINE lw_normals lw_normal_words(lw_random r, uint64_t block, uint32_t attempt) {
  const lw_words c = lw_philox(r, block, attempt);
  lw_normals n;
  lw_box_muller(c.w[0], c.w[1], &n.z[0], &n.z[1]);
  lw_box_muller(c.w[2], c.w[3], &n.z[2], &n.z[3]);
  return n;
}

// parameters: mean, standard deviation.
LW_INLINE void lw_store_normals(lw_normals n, const float *parameters, float *values) {
  const vf mean = vf_set1(parameters[0]), deviation = vf_set1(parameters[1]);
  lw_store_words(values, vf_fma(n.z[0], deviation, mean), vf_fma(n.z[1], deviation, mean),
                 vf_fma(n.z[2], deviation, mean), vf_fma(n.z[3], deviation, mean));
}

LW_INLINE void lw_fill_normal(lw_random r, uint64_t block, const float *parameters, float *values) {
  lw_store_normals(lw_normal_words(r, block, 0), parameters, values);
}

static void lw_random_normal(lw_random r, uint64_t from, float mean, float deviation, float *y, size_t n) {
  const float parameters[2] = {mean, deviation};
  lw_each_group(lw_fill_normal, r, from, parameters, y, n);
}

LW_INLINE vm lw_beyond_two(vf z) { return vf_gt(vf_abs(z), vf_set1(2.0f)); }

// A number beyond two standard deviations (one in 22) is replaced by the same position's number of the next attempt.
// After 2^8 attempts a lane would keep what it has: 22^-256 is never.
LW_INLINE void lw_fill_truncated_normal(lw_random r, uint64_t block, const float *parameters, float *values) {
  lw_normals n = lw_normal_words(r, block, 0);
  for (uint32_t attempt = 1; attempt < 256; ++attempt) {
    const vm any = vm_or(vm_or(lw_beyond_two(n.z[0]), lw_beyond_two(n.z[1])),
                         vm_or(lw_beyond_two(n.z[2]), lw_beyond_two(n.z[3])));
    if (!vm_any(any)) break;
    const lw_normals next = lw_normal_words(r, block, attempt);
    LW_UNROLL for (int w = 0; w < 4; ++w) n.z[w] = vf_select(lw_beyond_two(n.z[w]), next.z[w], n.z[w]);
  }
  lw_store_normals(n, parameters, values);
}

static void lw_random_truncated_normal(lw_random r, uint64_t from, float mean, float deviation, float *y, size_t n) {
  const float parameters[2] = {mean, deviation};
  lw_each_group(lw_fill_truncated_normal, r, from, parameters, y, n);
}

// What is left of n elements of x: kept where the uniform number of the position is at least rate, else dropped. Kept elements
// become x * scale, or with `affine` fma(x, scale, shift).
LW_INLINE void lw_drop(lw_random r, uint64_t from, float rate, int affine, float scale, float shift, float dropped,
                       const float *x, float *y, size_t n) {
  const vf threshold = vf_set1(rate), s = vf_set1(scale), b = vf_set1(shift), other = vf_set1(dropped);
  const float unit[2] = {0, 1};
  float u[LW_GROUP];
  uint64_t block = from / 4;
  size_t skip = (size_t)(from % 4);
  while (n > 0) {
    const size_t part = n < LW_GROUP - skip ? n : LW_GROUP - skip;
    lw_fill_uniform(r, block, unit, u);
    for (size_t i = 0; i < part; i += VF) {
      const int m = part - i < VF ? (int)(part - i) : VF;
      const vm kept = vf_ge(vf_load_n(u + skip + i, m), threshold);
      const vf v = vf_load_n(x + i, m);
      vf_store_n(y + i, vf_select(kept, affine ? vf_fma(v, s, b) : vf_mul(v, s), other), m);
    }
    block += VF;
    skip = 0;
    x += part;
    y += part;
    n -= part;
  }
}

// y = x * scale, or 0.
static void lw_random_dropout(lw_random r, uint64_t from, float rate, float scale, const float *x, float *y, size_t n) {
  lw_drop(r, from, rate, 0, scale, 0, 0, x, y, n);
}

// y = scale x + shift, or a value of its own.
static void lw_random_affine_dropout(lw_random r, uint64_t from, float rate, float scale, float shift, float dropped,
                                     const float *x, float *y, size_t n) {
  lw_drop(r, from, rate, 1, scale, shift, dropped, x, y, n);
}

// Words of one stream in order, a group at a time.
typedef struct { lw_random r; uint64_t block; int next; uint32_t words[LW_GROUP]; } lw_word_source;

LW_INLINE uint32_t lw_next_word(lw_word_source *s) {
  if (s->next == LW_GROUP) {
    lw_random_bits(s->r, 4 * s->block, s->words, LW_GROUP);
    s->block += VF;
    s->next = 0;
  }
  return s->words[s->next++];
}

// A word in 0 ..< bound without bias (Lemire: Fast random integer generation in an interval, ACM TOMACS 2019): the high
// half of word * bound, drawn again when the low half falls into the part that would be counted once too often.
LW_INLINE uint32_t lw_next_below(lw_word_source *s, uint32_t bound) {
  uint64_t product = (uint64_t)lw_next_word(s) * bound;
  if ((uint32_t)product < bound) {
    const uint32_t excess = (0u - bound) % bound;
    while ((uint32_t)product < excess) product = (uint64_t)lw_next_word(s) * bound;
  }
  return (uint32_t)(product >> 32);
}

// Fisher and Yates: for i = n - 1 ... 1 swap element i with one of 0 ... i.
static void lw_random_permutation(lw_random r, int32_t *y, size_t n) {
  lw_word_source s = {.r = r, .block = 0, .next = LW_GROUP};
  for (size_t i = 0; i < n; ++i) y[i] = (int32_t)i;
  for (size_t i = n; i > 1; --i) {
    const uint32_t j = lw_next_below(&s, (uint32_t)i);
    const int32_t t = y[i - 1];
    y[i - 1] = y[j];
    y[j] = t;
  }
}
