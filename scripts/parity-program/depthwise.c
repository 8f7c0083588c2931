#include "parity.h"

// Depthwise convolutions: kernels of 3 and 5 columns and others, strides, dilations, padding, rests of channels.

static const lw_depthwise shapes[] = {
    {.rows = {7, 7, 3, 1, 1, 1}, .columns = {9, 9, 3, 1, 1, 1}, .channels = 33},
    {.rows = {9, 5, 3, 2, 1, 1}, .columns = {10, 5, 3, 2, 1, 1}, .channels = 16},
    {.rows = {8, 8, 5, 1, 1, 2}, .columns = {6, 6, 5, 1, 1, 2}, .channels = 20},
    {.rows = {11, 6, 5, 2, 1, 2}, .columns = {13, 7, 5, 2, 1, 2}, .channels = 48},
    {.rows = {9, 3, 2, 3, 2, 1}, .columns = {12, 5, 4, 2, 3, 3}, .channels = 5}};
enum { SHAPES = sizeof shapes / sizeof shapes[0], IMAGES = 2 };

static size_t inputs(const lw_depthwise *d) { return (size_t)(IMAGES * d->rows.input * d->columns.input * d->channels); }
static size_t outputs(const lw_depthwise *d) { return (size_t)(IMAGES * d->rows.output * d->columns.output * d->channels); }

// Weights as vectors of taps have room for whole vectors.
static size_t weights(const lw_depthwise *d) {
  return (size_t)(d->rows.taps * d->columns.taps * ((d->channels + 15) / 16 * 16));
}

static void depthwise(parity *p) {
  for (int n = 0; n < SHAPES; ++n)
    for (int variant = 0; variant < 8; ++variant) {
      lw_depthwise d = shapes[n];
      d.adjoint = variant & 1, d.continues = variant >> 1 & 1;
      d.w_tap = variant & 4 ? 16 : d.channels;
      d.w_channel = variant & 4 ? d.rows.taps * d.columns.taps : 1;
      const size_t from = d.adjoint ? outputs(&d) : inputs(&d), to = d.adjoint ? inputs(&d) : outputs(&d);
      const lw_depthwise_part part = {0, IMAGES * (d.adjoint ? d.rows.input : d.rows.output), 0, d.channels};
      const lw_gemm_epilogue e = {
          .bias = parity_input(p, (size_t)d.channels, UNIT), .residual = parity_input(p, to, UNIT), .ldr = d.channels,
          .activation = d.continues ? LW_TANH : LW_RELU};
      float *y = parity_output(to);
      const float *x = parity_input(p, from, variant & 4 ? UNIT : MIXED), *w = parity_input(p, weights(&d), UNIT);
      p->kernels->depthwise(&d, &part, x, w, y, n % 2 ? &e : NULL);
      parity_finish(p, y, to);
      parity_reset();
    }
}

static void depthwise_weights(parity *p) {
  for (int n = 0; n < SHAPES; ++n) {
    const lw_depthwise *d = &shapes[n];
    const lw_depthwise_part part = {1, IMAGES * d->rows.output - 1, 0, d->channels};
    float *dw = parity_output(weights(d));
    p->kernels->depthwise_weights(d, &part, parity_input(p, inputs(d), UNIT), parity_input(p, outputs(d), UNIT), dw);
    parity_finish(p, dw, weights(d));
  }
}

const parity_case depthwise_cases[] = {{"depthwise", depthwise}, {"depthwise_weights", depthwise_weights}, {0}};
