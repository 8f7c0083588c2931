#include "parity.h"

// Random numbers from positions inside and at the border of blocks and of 32-bit counters.

static const uint64_t starts[] = {0, 1, 3, 62, 0x3fffffffbu, 0x123456789abcdu};
enum { STARTS = sizeof starts / sizeof starts[0] };
static const lw_random stream = {0x0123456789abcdefu, 42};

#define EACH_START_AND_COUNT(s, n) for (int s = 0; s < STARTS; ++s) EACH_COUNT(n)

static void random_bits(parity *p) {
  EACH_START_AND_COUNT(s, n) {
    uint32_t *y = (uint32_t *)parity_output((size_t)*n);
    p->kernels->random_bits(stream, starts[s], y, (size_t)*n);
    parity_finish_words(p, y, (size_t)*n);
  }
}

typedef void distribution(lw_random, uint64_t, float, float, float *, size_t);

static void numbers(parity *p, distribution *f, float a, float b) {
  EACH_START_AND_COUNT(s, n) {
    float *y = parity_output((size_t)*n);
    f(stream, starts[s], a, b, y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void random_uniform(parity *p) { numbers(p, p->kernels->random_uniform, -0.3f, 1.7f); }
static void random_normal(parity *p) { numbers(p, p->kernels->random_normal, 0.25f, 1.5f); }
static void random_truncated_normal(parity *p) { numbers(p, p->kernels->random_truncated_normal, -1, 0.02f); }

static void random_dropout(parity *p) {
  EACH_START_AND_COUNT(s, n) {
    float *y = parity_output((size_t)*n);
    p->kernels->random_dropout(stream, starts[s], 0.4f, 1 / 0.6f, parity_input(p, (size_t)*n, MIXED), y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void random_affine_dropout(parity *p) {
  EACH_START_AND_COUNT(s, n) {
    float *y = parity_output((size_t)*n);
    const float *x = parity_input(p, (size_t)*n, MIXED);
    p->kernels->random_affine_dropout(stream, starts[s], 0.4f, 0.8f, 0.5f, -0.7f, x, y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void random_permutation(parity *p) {
  EACH_COUNT(n) {
    int32_t *y = (int32_t *)parity_output((size_t)*n);
    p->kernels->random_permutation(stream, y, (size_t)*n);
    parity_finish_words(p, y, (size_t)*n);
  }
}

const parity_case random_cases[] = {
    {"random_bits", random_bits}, {"random_uniform", random_uniform}, {"random_normal", random_normal},
    {"random_truncated_normal", random_truncated_normal}, {"random_dropout", random_dropout},
    {"random_affine_dropout", random_affine_dropout},
    {"random_permutation", random_permutation}, {0}};
