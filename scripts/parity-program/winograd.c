#include "parity.h"

// Tiles of small images: both tile sizes, edges on every side, whole and partial vectors, strips that start in the middle.

static const struct { ptrdiff_t height, width, channels, top, left, rows, columns, first, count; } images[] = {
    {1, 1, 1, 1, 1, 1, 1, 0, 1},   {7, 6, 3, 1, 1, 4, 3, 0, 24},  {5, 9, 16, 0, 2, 2, 5, 3, 11},
    {8, 5, 17, 2, 0, 4, 2, 1, 14}, {4, 4, 40, -1, -2, 1, 2, 0, 3}, {6, 20, 33, 1, 1, 3, 10, 7, 40}};
enum { IMAGES = sizeof images / sizeof images[0], BATCH = 3, GAP = 5 };

static ptrdiff_t whole(ptrdiff_t n) { return (n + 15) / 16 * 16; }

static lw_winograd_tiles tiles_of(int m, int i) {
  return (lw_winograd_tiles){m, images[i].rows, images[i].columns, images[i].first, images[i].count};
}

static void winograd_input(parity *p) {
  for (int m = 2; m <= 4; m += 2)
    for (int i = 0; i < IMAGES; ++i) {
      const ptrdiff_t channels = images[i].channels, ldx = channels + i % 2, ld = whole(channels) + 16;
      const ptrdiff_t plane = images[i].count * ld + GAP, size = (m + 2) * (m + 2) * plane;
      float *to = parity_output((size_t)size);
      const lw_winograd_input job = {
          .tiles = tiles_of(m, i), .height = images[i].height, .width = images[i].width, .channels = channels,
          .top = images[i].top, .left = images[i].left, .ldx = ldx, .to = to, .ld = ld, .plane = plane,
          .x = parity_input(p, (size_t)(BATCH * images[i].height * images[i].width * ldx), i % 3 == 2 ? MIXED : UNIT)};
      p->kernels->winograd_input(&job);
      parity_finish(p, to, (size_t)size);
    }
}

static void winograd_output(parity *p) {
  for (int variant = 0; variant < 2 * (LW_SILU + 1); ++variant)
    for (int i = 0; i < IMAGES; ++i) {
      const int m = 2 + variant % 2 * 2;
      const ptrdiff_t filters = images[i].channels, ld = whole(filters), plane = images[i].count * ld + GAP;
      const ptrdiff_t height = m * images[i].rows - i % 2, width = m * images[i].columns - variant / 2 % 2;
      const ptrdiff_t pixels = BATCH * height * width, ldy = filters + i % 3;
      const lw_gemm_epilogue epilogue = {
          .bias = variant % 3 ? parity_input(p, (size_t)filters, UNIT) : NULL,
          .residual = variant % 4 == 1 ? parity_input(p, (size_t)(pixels * ldy), UNIT) : NULL, .ldr = ldy,
          .activation = (lw_activation)(variant / 2), .activation_alpha = 0.1f};
      float *y = parity_output((size_t)(pixels * ldy));
      const lw_winograd_output job = {
          .tiles = tiles_of(m, i), .height = height, .width = width, .filters = filters, .ld = ld, .plane = plane,
          .from = parity_input(p, (size_t)((m + 2) * (m + 2) * plane), i % 3 == 2 ? MIXED : UNIT), .y = y, .ldy = ldy,
          .epilogue = variant ? &epilogue : NULL};
      p->kernels->winograd_output(&job);
      parity_finish(p, y, (size_t)(pixels * ldy));
    }
}

static void winograd_filter(parity *p) {
  static const struct { ptrdiff_t k, n; } sizes[] = {{1, 1}, {3, 17}, {16, 16}, {33, 40}, {20, 100}};
  for (int variant = 0; variant < 16; ++variant)
    for (int i = 0; i < 5; ++i) {
      const int m = 2 + variant % 2 * 2, turned = variant / 2 % 2, width = 1 + variant / 4;
      const ptrdiff_t k = sizes[i].k, n = sizes[i].n, ld = (turned ? k : n) + 2, weight = (turned ? n : k) * ld;
      const ptrdiff_t plane = k * whole(n) + GAP, size = (m + 2) * (m + 2) * plane;
      float *to = parity_output((size_t)size);
      const lw_winograd_filter job = {
          .m = m, .k = k, .n = n, .weights = parity_input(p, (size_t)(9 * weight), variant % 5 == 4 ? MIXED : UNIT),
          .weight = weight, .ld = ld, .turned = turned, .width = width, .to = to, .plane = plane};
      p->kernels->winograd_filter(&job);
      parity_finish(p, to, (size_t)size);
    }
}

static void winograd_gradient(parity *p) {
  for (int i = 0; i < IMAGES; ++i) {
    const ptrdiff_t height = 2 * images[i].rows - i % 2, width = 2 * images[i].columns - i / 2 % 2;
    const ptrdiff_t filters = images[i].channels, ldx = filters + i % 2, ld = whole(filters) + 16;
    const ptrdiff_t plane = images[i].count * ld + GAP;
    float *to = parity_output((size_t)(16 * plane));
    const lw_winograd_input job = {
        .tiles = tiles_of(2, i), .height = height, .width = width, .channels = filters, .ldx = ldx, .to = to, .ld = ld,
        .plane = plane, .x = parity_input(p, (size_t)(BATCH * height * width * ldx), i % 3 == 2 ? MIXED : UNIT)};
    p->kernels->winograd_gradient(&job);
    parity_finish(p, to, (size_t)(16 * plane));
  }
}

static void winograd_weights(parity *p) {
  static const struct { ptrdiff_t rows, columns; } sizes[] = {{1, 1}, {3, 17}, {16, 16}, {5, 40}};
  for (int i = 0; i < 4; ++i) {
    const ptrdiff_t rows = sizes[i].rows, columns = sizes[i].columns, ld = whole(columns), plane = rows * ld + GAP;
    const ptrdiff_t ldt = columns + i, weight = rows * ldt;
    float *to = parity_output((size_t)(9 * weight));
    const lw_winograd_weights job = {
        .rows = rows, .columns = columns, .from = parity_input(p, (size_t)(16 * plane), i == 3 ? MIXED : UNIT), .ld = ld,
        .plane = plane, .to = to, .ldt = ldt, .weight = weight};
    p->kernels->winograd_weights(&job);
    parity_finish(p, to, (size_t)(9 * weight));
  }
}

const parity_case winograd_cases[] = {
    {"winograd_input", winograd_input}, {"winograd_output", winograd_output}, {"winograd_filter", winograd_filter},
    {"winograd_gradient", winograd_gradient}, {"winograd_weights", winograd_weights}, {0}};
