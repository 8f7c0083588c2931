#include "parity.h"

// Rows of logits: ordinary ones, and ones with infinities and NaN.

static const parity_kind kinds[] = {UNIT, MIXED};

typedef void rows_to_rows(size_t, size_t, const float *, size_t, float *, size_t);
typedef void gradient_of_rows(size_t, size_t, const float *, size_t, const float *, size_t, float *, size_t);

static size_t size_of(const parity_shape *s) { return (size_t)(s->rows * (s->columns + s->gap)); }

static void forward(parity *p, rows_to_rows *f) {
  for (int k = 0; k < 2; ++k)
    EACH_SHAPE(s) {
      const size_t ld = (size_t)(s->columns + s->gap), size = size_of(s);
      float *y = parity_output(size);
      f((size_t)s->rows, (size_t)s->columns, parity_input(p, size, kinds[k]), ld, y, ld);
      parity_finish(p, y, size);
    }
}

static void backward(parity *p, gradient_of_rows *f) {
  for (int k = 0; k < 2; ++k)
    EACH_SHAPE(s) {
      const size_t ld = (size_t)(s->columns + s->gap), size = size_of(s);
      const float *y = parity_input(p, size, kinds[k]), *dy = parity_input(p, size, UNIT);
      float *dx = parity_output(size);
      f((size_t)s->rows, (size_t)s->columns, y, ld, dy, ld, dx, ld);
      parity_finish(p, dx, size);
    }
}

static void softmax(parity *p) { forward(p, p->kernels->softmax); }
static void log_softmax(parity *p) { forward(p, p->kernels->log_softmax); }
static void softmax_gradient(parity *p) { backward(p, p->kernels->softmax_gradient); }
static void log_softmax_gradient(parity *p) { backward(p, p->kernels->log_softmax_gradient); }

// Targets of which each is 0 or 1, or, unless they are only these, anything between.
static float *answers(parity *p, size_t count, int only) {
  float *t = parity_input(p, count, POSITIVE);
  for (size_t i = 0; i < count; ++i) t[i] = t[i] < 0.3f ? 0 : only || t[i] > 0.7f ? 1 : t[i];
  return t;
}

static void cross_entropy(parity *p, int targets) {
  for (int variant = 0; variant < 6; ++variant)
    EACH_SHAPE(s) {
      const size_t ld = (size_t)(s->columns + s->gap), size = size_of(s);
      float *losses = parity_output((size_t)s->rows), *gradient = parity_output(size);
      const lw_cross_entropy job = {
          .rows = (size_t)s->rows, .columns = (size_t)s->columns, .logits = parity_input(p, size, kinds[variant % 2]), .ld = ld,
          .smoothing = variant < 2 || variant == 5 ? 0 : variant == 4 ? 1 : 0.1f, .gradient_scale = 0.25f, .losses = losses,
          .gradient = variant == 3 ? NULL : gradient, .ldg = ld};
      if (targets) p->kernels->cross_entropy_targets(&job, variant == 5 ? answers(p, size, 0) : parity_input(p, size, POSITIVE), ld);
      else p->kernels->cross_entropy_labels(&job, parity_indices(p, (size_t)s->rows, (int32_t)s->columns));
      parity_finish(p, losses, (size_t)s->rows);
      parity_finish(p, gradient, size);
    }
}

static void cross_entropy_labels(parity *p) { cross_entropy(p, 0); }
static void cross_entropy_targets(parity *p) { cross_entropy(p, 1); }

static void sigmoid_cross_entropy(parity *p) {
  for (int variant = 0; variant < 6; ++variant)
    EACH_COUNT(n) {
      const size_t count = (size_t)*n;
      const float *x = parity_input(p, count, kinds[variant % 2]), *t = answers(p, count, variant == 5);
      float *losses = parity_output(count), *gradient = parity_output(count);
      p->kernels->sigmoid_cross_entropy(count, x, t, variant < 2 ? 0 : 0.1f, 0.5f, losses, variant == 3 ? NULL : gradient);
      parity_finish(p, losses, count);
      parity_finish(p, gradient, count);
    }
}

static void element_loss(parity *p) {
  for (int variant = 0; variant < 15; ++variant)
    EACH_COUNT(n) {
      const size_t count = (size_t)*n;
      const float *x = parity_input(p, count, kinds[variant % 2]), *t = parity_input(p, count, UNIT);
      const lw_element_loss_kind kind = (lw_element_loss_kind)(variant / 3);
      float *losses = parity_output(count), *gradient = parity_output(count);
      p->kernels->element_loss(kind, 0.7f, count, x, t, 0.5f, losses, variant % 3 == 2 ? NULL : gradient);
      parity_finish(p, losses, count);
      parity_finish(p, gradient, count);
    }
}

static void cosine_loss(parity *p) {
  // Rows as they are, or so large that squares overflow, beside small or large ones.
  static const float sizes[][2] = {{1, 1}, {1, 1}, {1e20f, 1}, {3e38f, 1e30f}, {1e-30f, 3e38f}};
  for (int variant = 0; variant < 5; ++variant)
    EACH_SHAPE(s) {
      const size_t ld = (size_t)(s->columns + s->gap), size = size_of(s);
      float *x = parity_input(p, size, kinds[variant == 1]), *t = parity_input(p, size, UNIT);
      for (size_t i = 0; i < size; ++i) { x[i] *= sizes[variant][0]; t[i] *= sizes[variant][1]; }
      float *losses = parity_output((size_t)s->rows), *gradient = parity_output(size);
      p->kernels->cosine_loss((size_t)s->rows, (size_t)s->columns, x, ld, t, ld, 0.5f, losses, gradient, ld);
      parity_finish(p, losses, (size_t)s->rows);
      parity_finish(p, gradient, size);
    }
}

static void add_information(parity *p) {
  EACH_SHAPE(s) {
    const size_t ld = (size_t)(s->columns + s->gap);
    float *y = parity_output((size_t)s->rows);
    p->kernels->add_information((size_t)s->rows, (size_t)s->columns, parity_input(p, size_of(s), POSITIVE), ld, y);
    parity_finish(p, y, (size_t)s->rows);
  }
}

const parity_case softmax_cases[] = {
    {"softmax", softmax}, {"log_softmax", log_softmax}, {"softmax_gradient", softmax_gradient},
    {"log_softmax_gradient", log_softmax_gradient}, {"cross_entropy_labels", cross_entropy_labels},
    {"cross_entropy_targets", cross_entropy_targets}, {"sigmoid_cross_entropy", sigmoid_cross_entropy},
    {"element_loss", element_loss}, {"cosine_loss", cosine_loss}, {"add_information", add_information}, {0}};
