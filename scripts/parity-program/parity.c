// Runs every case on every tier this build and processor have, and prints "kernel tier hash" lines.
#include "parity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 16, MOST_BLOCKS = 16384 };
static const float untouched = 12345.678f;

static void *blocks[MOST_BLOCKS];
static size_t block_count;

static void *allocate(size_t bytes) {
  void *block = block_count < MOST_BLOCKS ? malloc(bytes) : NULL;
  if (!block) { fprintf(stderr, "parity: out of memory\n"); exit(2); }
  return blocks[block_count++] = block;
}

void parity_reset(void) {
  while (block_count > 0) free(blocks[--block_count]);
}

// SplitMix64.
uint64_t parity_next(parity *p) {
  uint64_t z = p->seed += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static float awkward(uint64_t word) {
  static const uint32_t bits[] = {
      0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x00000001, 0x807fffff,
      0x00800000, 0x7f7fffff, 0xff7fffff, 0x3f800000, 0xbf800000, 0x42b00000, 0xc2d00000, 0x4b800001};
  return from_bits(bits[word % 16]);
}

static float number(parity *p, parity_kind kind) {
  const uint64_t word = parity_next(p);
  const float unit = (float)(int32_t)((word >> 40) - (1 << 23)) * 0x1p-23f;
  switch (kind) {
    case UNIT: return unit;
    case POSITIVE: return 0x1p-10f + (unit + 1) * 0.499f;
    case WIDE: return from_bits((uint32_t)(word >> 32));
    case MIXED: return word % 8 ? unit * 4 : awkward(word >> 3);
  }
  return 0;
}

float *parity_input(parity *p, size_t count, parity_kind kind) {
  float *x = (float *)allocate((count + 1) * sizeof(float)) + 1;
  for (size_t i = 0; i < count; ++i) x[i] = number(p, kind);
  return x;
}

int32_t *parity_indices(parity *p, size_t count, int32_t bound) {
  int32_t *x = (int32_t *)allocate((count + 1) * sizeof(int32_t)) + 1;
  for (size_t i = 0; i < count; ++i) x[i] = (int32_t)(parity_next(p) % (uint64_t)bound);
  return x;
}

uint8_t *parity_bytes(parity *p, size_t count) {
  uint8_t *x = (uint8_t *)allocate(count + 1) + 1;
  for (size_t i = 0; i < count; ++i) x[i] = (uint8_t)parity_next(p);
  return x;
}

float *parity_output(size_t count) {
  float *x = allocate((count + 2 * GUARD + 1) * sizeof(float));
  for (size_t i = 0; i < count + 2 * GUARD + 1; ++i) x[i] = untouched;
  return x + GUARD + 1;
}

static void hash_word(parity *p, uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) p->hash = (p->hash ^ (word >> shift & 0xff)) * 0x100000001b3u;
}

void parity_words(parity *p, const void *x, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t word;
    memcpy(&word, (const char *)x + 4 * i, 4);
    hash_word(p, word);
  }
}

void parity_floats(parity *p, const float *x, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const float value = x[i] == x[i] ? x[i] : from_bits(0x7fc00000);
    parity_words(p, &value, 1);
  }
}

void parity_finish(parity *p, const float *output, size_t count) {
  parity_floats(p, output - GUARD, count + 2 * GUARD);
}

void parity_finish_words(parity *p, const void *output, size_t count) {
  parity_words(p, (const float *)output - GUARD, count + 2 * GUARD);
}

const ptrdiff_t parity_counts[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 100, 255, 257, 1000, 4095, 4096, 4097, 20011, -1};

const parity_shape parity_shapes[] = {
    {0, 5, 0}, {1, 1, 0}, {1, 17, 2}, {3, 5, 0}, {5, 16, 1}, {7, 33, 0}, {17, 10, 6}, {100, 10, 0}, {2, 1000, 3}, {255, 18, 0},
    {256, 15, 1}, {257, 3, 0}, {600, 47, 0}, {2, 4099, 0}, {-1, 0, 0}};

static const parity_case *const families[] = {gemm_cases, math_cases, softmax_cases, elementwise_cases,
                                              reduce_cases, update_cases, random_cases, conv_cases, winograd_cases,
                                              norm_cases, pool_cases, depthwise_cases,
                                              recurrent_cases, attention_cases};

static void run_tier(const char *tier, const lw_table *kernels) {
  for (size_t f = 0; f < sizeof families / sizeof families[0]; ++f) {
    for (const parity_case *c = families[f]; c->name; ++c) {
      parity p = {kernels, 1, 0xcbf29ce484222325u};
      c->run(&p);
      parity_reset();
      printf("%s %s %016llx\n", c->name, tier, (unsigned long long)p.hash);
    }
  }
}

extern const lw_table lw_table_scalar, lw_table_avx512_emulated;

int main(void) {
  run_tier("scalar", &lw_table_scalar);
#if defined(__x86_64__)
  if (lw_table_for(LW_SCALAR) != &lw_table_scalar) run_tier("scalar_fma", lw_table_for(LW_SCALAR));
  if (lw_table_for(LW_AVX2)) {
    run_tier("avx2", lw_table_for(LW_AVX2));
    run_tier("avx512-emulated", &lw_table_avx512_emulated);
  }
  if (lw_table_for(LW_AVX512)) run_tier("avx512", lw_table_for(LW_AVX512));
#endif
  if (lw_table_for(LW_NEON)) run_tier("neon", lw_table_for(LW_NEON));
  return 0;
}
