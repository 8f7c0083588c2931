// The gradient of the weights: F(3 x 3, 2 x 2), three outputs of a filter of two values, with the points of F(2 x 2, 3 x 3) and so
// with the same transformed patches V. The tiles of dy are the filters:
//
//   dw = C^T [sum over tiles of (H dy H^T) . (B^T d B)] C

// Row i of H times two values. The halves that belong to the points 1 and -1 are in C.
LW_INLINE vf lw_winograd_h(int i, vf first, vf second) {
  switch (i) {
    case 0: return first;
    case 1: return vf_add(first, second);
    case 2: return vf_sub(first, second);
    default: return second;
  }
}

// Row i of C^T times four sums.
LW_INLINE vf lw_winograd_ct(int i, const vf *s) {
  const vf half = vf_mul(vf_set1(0.5f), i == 1 ? vf_sub(s[1], s[2]) : vf_add(s[1], s[2]));
  return i == 0 ? vf_add(s[0], half) : i == 1 ? half : vf_sub(half, s[3]);
}

// A tile of dy: its first value, and how many of its two rows and columns are inside the image.
typedef struct { const float *at; ptrdiff_t row, column; int rows, columns; } lw_winograd_dy;

LW_INLINE void lw_winograd_gradient_square(const lw_winograd_dy *tile, ptrdiff_t c, int lanes, float *to, ptrdiff_t plane) {
  vf d[2][2];
  LW_UNROLL for (int r = 0; r < 2; ++r)
    LW_UNROLL for (int s = 0; s < 2; ++s) {
      const float *at = tile->at + r * tile->row + s * tile->column + c;
      d[r][s] = r >= tile->rows || s >= tile->columns ? vf_zero() : lanes == VF ? vf_load(at) : vf_load_n(at, lanes);
    }
  LW_UNROLL for (int i = 0; i < 4; ++i) {
    const vf left = lw_winograd_h(i, d[0][0], d[1][0]), right = lw_winograd_h(i, d[0][1], d[1][1]);
    LW_UNROLL for (int j = 0; j < 4; ++j) vf_store(to + (4 * i + j) * plane, lw_winograd_h(j, left, right));
  }
}

static void lw_winograd_gradient_tile(const lw_winograd_dy *tile, ptrdiff_t channels, float *to, ptrdiff_t plane) {
  ptrdiff_t c = 0;
  for (; c + VF <= channels; c += VF) lw_winograd_gradient_square(tile, c, VF, to + c, plane);
  if (c < channels) lw_winograd_gradient_square(tile, c, (int)(channels - c), to + c, plane);
}

static void lw_winograd_gradient_run(const lw_winograd_input *w) {
  for (lw_winograd_cursor at = lw_winograd_start(&w->tiles); at.left > 0; lw_winograd_advance(&w->tiles, &at)) {
    const ptrdiff_t first = (at.image * w->height + 2 * at.row) * w->width, rows = w->height - 2 * at.row;
    for (ptrdiff_t t = 0; t < at.tiles; ++t) {
      const ptrdiff_t column = 2 * (at.column + t), columns = w->width - column;
      const lw_winograd_dy tile = {.at = w->x + (first + column) * w->ldx, .row = w->width * w->ldx, .column = w->ldx,
                                   .rows = (int)(rows < 2 ? rows : 2), .columns = (int)(columns < 2 ? columns : 2)};
      lw_winograd_gradient_tile(&tile, w->channels, w->to + (at.done + t) * w->ld, w->plane);
    }
  }
}

// C^T N C at one place, for sixteen columns.
LW_INLINE void lw_winograd_weights_square(const float *from, ptrdiff_t plane, int lanes, float *to, ptrdiff_t weight) {
  vf s[3][4];
  LW_UNROLL for (int i = 0; i < 4; ++i) {
    vf row[4];
    LW_UNROLL for (int k = 0; k < 4; ++k) row[k] = vf_load(from + (4 * i + k) * plane);
    LW_UNROLL for (int x = 0; x < 3; ++x) s[x][i] = lw_winograd_ct(x, row);
  }
  LW_UNROLL for (int y = 0; y < 3; ++y)
    LW_UNROLL for (int x = 0; x < 3; ++x) {
      float *at = to + (3 * y + x) * weight;
      const vf t = lw_winograd_ct(y, s[x]);
      if (lanes == VF) vf_store(at, t); else vf_store_n(at, t, lanes);
    }
}

static void lw_winograd_weights_run(const lw_winograd_weights *w) {
  for (ptrdiff_t i = 0; i < w->rows; ++i) {
    const float *from = w->from + i * w->ld;
    float *to = w->to + i * w->ldt;
    ptrdiff_t j = 0;
    for (; j + VF <= w->columns; j += VF) lw_winograd_weights_square(from + j, w->plane, VF, to + j, w->weight);
    if (j < w->columns) lw_winograd_weights_square(from + j, w->plane, (int)(w->columns - j), to + j, w->weight);
  }
}
