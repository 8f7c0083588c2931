// What the cases of the parity program share: seeded inputs, outputs with guards, hashes.
//
// A case runs one kernel over shapes that hurt and puts every output bit into one hash. Inputs follow from a seed, so all
// tiers see the same ones, and a kernel that gives the same hash on two tiers gave the same bits.
#ifndef PARITY_H
#define PARITY_H

#include "CKernels.h"

typedef struct parity {
  const lw_table *kernels;
  uint64_t seed;  // of the next input
  uint64_t hash;  // FNV-1a over all outputs so far
} parity;

typedef struct parity_case {
  const char *name;  // of the field of lw_table
  void (*run)(parity *p);
} parity_case;

// What kind of numbers an input has.
typedef enum parity_kind {
  UNIT,      // uniform in -1 ... 1
  POSITIVE,  // uniform in 2^-10 ... 1
  WIDE,      // uniform bit patterns: every exponent, NaN and infinities among them
  MIXED,     // UNIT, with one element in eight a zero of either sign, an infinity, a NaN, a denormal or a huge number
} parity_kind;

uint64_t parity_next(parity *p);

// Arrays live until parity_reset. They start one element off a vector's alignment.
float *parity_input(parity *p, size_t count, parity_kind kind);
// Labels or indices in 0 ..< bound.
int32_t *parity_indices(parity *p, size_t count, int32_t bound);
uint8_t *parity_bytes(parity *p, size_t count);
// Outputs start with a known value everywhere and have 16 guard elements on each side.
float *parity_output(size_t count);

// Into the hash: floats (every NaN as one), words; and an output with its guards.
void parity_floats(parity *p, const float *x, size_t count);
void parity_words(parity *p, const void *x, size_t count);
void parity_finish(parity *p, const float *output, size_t count);
void parity_finish_words(parity *p, const void *output, size_t count);

void parity_reset(void);

// Lengths around the 8 and 16 lanes, the unrolled loops and the 4096-element chunks. Ends with -1.
extern const ptrdiff_t parity_counts[];
// rows, columns, and what rows of the arrays are apart beyond the columns. Ends with rows -1.
typedef struct parity_shape { ptrdiff_t rows, columns, gap; } parity_shape;
extern const parity_shape parity_shapes[];

#define EACH_COUNT(n) for (const ptrdiff_t *n = parity_counts; *n >= 0; ++n)
#define EACH_SHAPE(s) for (const parity_shape *s = parity_shapes; s->rows >= 0; ++s)

// Each family's cases, ended by one without a name.
extern const parity_case gemm_cases[], math_cases[], softmax_cases[], elementwise_cases[], reduce_cases[], update_cases[],
    random_cases[], conv_cases[], winograd_cases[], norm_cases[], pool_cases[], depthwise_cases[],
    recurrent_cases[], attention_cases[];

#endif
