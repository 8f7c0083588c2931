#include "parity.h"

// Patches of images: padding on every side, strides, dilations of both signs, channels of a group.

static const lw_patches shapes[] = {
    {NULL, 5, 6, 3, 3, 5, 6, 3, 3, 1, 1, 1, 1, 1, 1},      {NULL, 9, 8, 1, 1, 5, 4, 5, 5, 1, 1, 1, 1, 0, 0},
    {NULL, 12, 11, 3, 3, 6, 6, 7, 7, 2, 2, 1, 1, 3, 3},    {NULL, 7, 7, 40, 40, 7, 7, 3, 3, 1, 1, 1, 1, 1, 1},
    {NULL, 6, 5, 34, 17, 3, 2, 2, 2, 2, 2, 2, 3, 1, 2},    {NULL, 8, 9, 5, 5, 7, 10, 3, 2, 1, 1, -1, -2, -2, -1},
    {NULL, 4, 4, 150, 150, 2, 2, 1, 1, 2, 2, 1, 1, 0, 0}};
enum { SHAPES = sizeof shapes / sizeof shapes[0], IMAGES = 2 };

static void conv_pack(parity *p) {
  for (int n = 0; n < SHAPES; ++n) {
    lw_patches s = shapes[n];
    s.x = parity_input(p, (size_t)(IMAGES * s.height * s.width * s.ldx), WIDE);
    const ptrdiff_t rows = IMAGES * s.rows * s.columns, length = s.kernel_height * s.kernel_width * s.channels;
    for (ptrdiff_t i = 0; i < rows; i += 37)
      for (ptrdiff_t l = 0; l < length; l += 111) {
        const ptrdiff_t m = rows - i < 41 ? rows - i : 41, k = length - l < 200 ? length - l : 200;
        float *to = parity_output((size_t)(m * k + 16));
        p->kernels->conv_pack(&s, i, m, l, k, to, k);
        parity_floats(p, to, (size_t)(m * k));
      }
    parity_reset();
  }
}

// Products that read patches in the images.
static void gemm_patches(parity *p) {
  for (int n = 0; n < SHAPES; ++n) {
    lw_patches s = shapes[n];
    s.x = parity_input(p, (size_t)(IMAGES * s.height * s.width * s.ldx), UNIT);
    const ptrdiff_t rows = IMAGES * s.rows * s.columns, length = s.kernel_height * s.kernel_width * s.channels, columns = 19 + n;
    for (ptrdiff_t l = 0; l < length; l += 200) {
      const ptrdiff_t m = rows - 1, k = length - l < 200 ? length - l : 200;
      float *c = parity_output((size_t)(m * columns));
      const lw_gemm_block block = {.m = m, .n = columns, .k = k, .a = s.x, .b = parity_input(p, (size_t)(k * columns), UNIT),
                                   .ldb = columns, .c = c, .ldc = columns, .alpha = 1, .width = 1, .patches = &s,
                                   .patch_row = 1, .patch_column = l};
      p->kernels->gemm_block(&block);
      parity_floats(p, c, (size_t)(m * columns));
    }
    parity_reset();
  }
}

static void conv_fold(parity *p) {
  for (int n = 0; n < SHAPES; ++n) {
    const lw_patches s = shapes[n];
    if (s.dilation_height < 0) continue;
    const ptrdiff_t length = s.kernel_height * s.kernel_width * s.channels, ldf = length + n % 2;
    const size_t count = (size_t)(s.height * s.width * s.ldx);
    float *to = parity_output(count);
    p->kernels->conv_fold(&s, parity_input(p, (size_t)(s.rows * s.columns * ldf + 15), WIDE), ldf, to);
    parity_finish(p, to, count);
  }
}

static void transpose(parity *p) {
  EACH_SHAPE(s) {
    const ptrdiff_t ldf = s->rows + s->gap, ldt = s->columns + 1;
    float *to = parity_output((size_t)(s->rows * ldt));
    p->kernels->transpose(s->rows, s->columns, parity_input(p, (size_t)(s->columns * ldf), WIDE), ldf, to, ldt);
    parity_finish(p, to, (size_t)(s->rows * ldt));
  }
}

const parity_case conv_cases[] = {{"conv_pack", conv_pack}, {"gemm_patches", gemm_patches},
                                  {"conv_fold", conv_fold}, {"transpose", transpose}, {0}};
