// CKernels: every arithmetic inner loop of Lanewise, as one table of functions per SIMD tier.
//
// Conventions. float is IEEE binary32. Matrices are row-major; ld* is the distance in elements between rows. Pointers
// need only the alignment of their element. No kernel reads or writes outside the elements its arguments name, none
// allocates, and none starts a thread: shapes are checked and work is divided by the caller (the Swift module Kernels).
// A kernel gives the same bits on every tier; tests/Reference states the order of operations in plain loops.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

// ---------------------------------------------------------------------------------------------------------------- CPU

typedef enum lw_isa { LW_SCALAR = 0, LW_AVX2 = 1, LW_AVX512 = 2, LW_NEON = 3 } lw_isa;

typedef struct lw_table lw_table;

// The kernels of a tier, or NULL when this build or this processor (or its operating system) does not have it.
// LW_SCALAR is always there.
const lw_table *_Nullable lw_table_for(lw_isa isa);

// The processor's name as it reports it ("" when it does not), written into name as a terminated string.
void lw_cpu_name(char *name, size_t capacity);

// The table this thread works with: the one set by lw_thread_table_set, or NULL.
const lw_table *_Nullable lw_thread_table(void);
void lw_thread_table_set(const lw_table *_Nullable table);

// The scoped thread limit of this thread: 0 when none is set.
int lw_thread_limit(void);
void lw_thread_limit_set(int limit);

// A hint to the processor that this is a spin loop.
void lw_spin_pause(void);

// ----------------------------------------------------------------------------------------------------- The kernel table

// Activation functions; the formulas are in activation/forward.h.
typedef enum lw_activation {
  LW_LINEAR = 0, LW_RELU, LW_LEAKY_RELU, LW_ELU, LW_SIGMOID, LW_TANH, LW_SOFTPLUS, LW_GELU, LW_GELU_TANH, LW_SILU
} lw_activation;

struct lw_table {
  lw_isa isa;

  // gemm: one float32 matrix product on one core -----------------------------------------------------------------------

  // math and activation: y[i] = f(x[i]) --------------------------------------------------------------------------------

  // y[i] = e^x[i] and ln x[i]. y may be x.
  void (*exp)(size_t count, const float *x, float *y);
  void (*log)(size_t count, const float *x, float *y);

  // y[i] = f(x[i]). alpha is the slope of leaky ReLU and the scale of ELU. y may be x.
  void (*activate)(lw_activation kind, float alpha, size_t count, const float *x, float *y);

  // dx[i] = f'(.) dy[i]: v is the input x for GELU (both forms) and SiLU, the output y for the others. dx may be dy or v.
  void (*activate_gradient)(lw_activation kind, float alpha, size_t count, const float *v, const float *dy, float *dx);

  // softmax: rows of logits --------------------------------------------------------------------------------------------

  // elementwise: arithmetic on arrays and rows -------------------------------------------------------------------------

  // reduce: sums, extrema, statistics ----------------------------------------------------------------------------------

  // update: one pass of an optimizer over its parameters ---------------------------------------------------------------

  // random: the counter-based generator Philox 4x32-10 ------------------------------------------------------------------

  // probe: what this tier can do at best, for benchmarks ---------------------------------------------------------------

  // Runs independent chains of fused multiply-adds in registers and returns how many floating-point operations it did
  // (two a multiply-add). sink[0] is the factor of each step, 0 < sink[0] < 1; a value that depends on all of them goes
  // to sink[1].
  size_t (*probe_fma)(size_t rounds, float *sink);

  // Reads x[0..<count] once, as fast as it can, and returns a value that depends on all of it.
  float (*probe_read)(size_t count, const float *x);
};

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
