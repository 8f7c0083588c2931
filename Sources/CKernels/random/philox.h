// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011), sixteen blocks at
// a time: lane l works on block first + l.
//
// The key is the seed. The counter's words are the block number (two words) and the stream (two words). The value at
// position p comes from word p mod 4 of block p / 4, so it depends on nothing but (seed, stream, p).

// Values a group of sixteen blocks yields.
enum { LW_GROUP = 4 * VF };

typedef struct { vi w[4]; } lw_words;

LW_INLINE lw_words lw_philox_round(lw_words c, vi key0, vi key1) {
  const vi m0 = vi_set1((int32_t)0xD2511F53u), m1 = vi_set1((int32_t)0xCD9E8D57u);
  const vi high0 = vi_mulhi_u(m0, c.w[0]), low0 = vi_mul(m0, c.w[0]);
  const vi high1 = vi_mulhi_u(m1, c.w[2]), low1 = vi_mul(m1, c.w[2]);
  return (lw_words){{vi_xor(vi_xor(high1, c.w[1]), key0), low1, vi_xor(vi_xor(high0, c.w[3]), key1), low0}};
}

// The four words of blocks first ... first + 15. Every block of a retry has its own counters: the attempt is in the top
// eight bits of the block number, which positions below 2^58 leave empty.
LW_INLINE lw_words lw_philox(lw_random r, uint64_t first, uint32_t attempt) {
  int32_t low[VF], high[VF];
  for (int l = 0; l < VF; ++l) {
    low[l] = (int32_t)(uint32_t)(first + (uint64_t)l);
    high[l] = (int32_t)((uint32_t)((first + (uint64_t)l) >> 32) | attempt << 24);
  }
  lw_words c = {{vi_load(low), vi_load(high), vi_set1((int32_t)(uint32_t)r.stream), vi_set1((int32_t)(r.stream >> 32))}};
  uint32_t key0 = (uint32_t)r.seed, key1 = (uint32_t)(r.seed >> 32);
  LW_NOUNROLL for (int round = 0; round < 10; ++round) {
    c = lw_philox_round(c, vi_set1((int32_t)key0), vi_set1((int32_t)key1));
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

// 24 random bits as a float in [0, 1): every value is exact.
LW_INLINE vf lw_unit(vi word) { return vf_mul(vf_from_i(vi_shr(word, 8)), vf_set1(0x1p-24f)); }

// Four vectors, lane by lane: p[4 l + w] = lane l of w.
LW_INLINE void lw_store_words(float *p, vf a, vf b, vf c, vf d) {
  float t[4][VF];
  vf_store(t[0], a); vf_store(t[1], b); vf_store(t[2], c); vf_store(t[3], d);
  for (int l = 0; l < VF; ++l)
    for (int w = 0; w < 4; ++w) p[4 * l + w] = t[w][l];
}

// Writes y[0..<n] for positions from ... from + n - 1, group by group. `fill` makes the values of sixteen whole blocks;
// the first and last groups may be needed in part.
typedef void (*lw_fill)(lw_random r, uint64_t block, const float *parameters, float *values);

LW_INLINE void lw_each_group(lw_fill fill, lw_random r, uint64_t from, const float *parameters, float *y, size_t n) {
  float values[LW_GROUP];
  uint64_t block = from / 4;
  size_t skip = (size_t)(from % 4);
  while (n > 0) {
    const size_t part = n < LW_GROUP - skip ? n : LW_GROUP - skip;
    if (part == LW_GROUP) {
      fill(r, block, parameters, y);
    } else {
      fill(r, block, parameters, values);
      __builtin_memcpy(y, values + skip, part * sizeof(float));
    }
    block += VF;
    skip = 0;
    y += part;
    n -= part;
  }
}
