// V = B^T d B: the patch of every tile, transformed.
//
// Work goes along a strip: tiles side by side in one row of tiles, sixteen channels at a time. Row i of B^T is applied to the
// columns of the image, one after the other, and the m + 2 columns of a tile then go through B; neighbours share two columns,
// which stay in registers. With i outside the loop over tiles at most m + 2 vectors live at a time: no spills on AVX2, where
// a vector takes two of sixteen registers. The price, each row of the image read up to m + 2 times, is paid in the nearest
// cache.

// A row of the image from column 0 on, columns `step` apart. A row outside the image is zeros with step 0.
typedef struct { const float *at; ptrdiff_t step; } lw_winograd_row;

// Tiles side by side, sixteen channels.
typedef struct {
  lw_winograd_row rows[LW_WINOGRAD_POINTS];
  ptrdiff_t column, width;  // the first column of the first patch, maybe outside 0 ..< width
  ptrdiff_t tiles;
  float *to; ptrdiff_t ld, plane;
} lw_winograd_strip;

static const float lw_winograd_zeros[VF] = {0};

// Row i of B^T times a column of the image, `j` columns on.
LW_INLINE vf lw_winograd_column(int m, int i, const lw_winograd_strip *s, int j) {
  vf d[LW_WINOGRAD_POINTS];
  LW_UNROLL for (int r = 0; r < m + 2; ++r) d[r] = vf_load(s->rows[r].at + j * s->rows[r].step);
  return lw_winograd_bt(m, i, d);
}

// Row i of V. Each step adds m columns to the two of the tile before; the one before the first tile only fetches those two.
// The strip comes by value: the compiler need not fear that a store to V changes it.
LW_INLINE void lw_winograd_input_row(int m, int i, lw_winograd_strip s) {
  vf t[LW_WINOGRAD_POINTS];
  t[m] = t[m + 1] = vf_zero();
  float *to = s.to + i * (m + 2) * s.plane;
  ptrdiff_t column = s.column + 2 - m;
  LW_UNROLL for (int r = 0; r < m + 2; ++r) s.rows[r].at += column * s.rows[r].step;
  LW_NOUNROLL for (ptrdiff_t tile = -1; tile < s.tiles; ++tile, column += m) {
    t[0] = t[m]; t[1] = t[m + 1];
    LW_UNROLL for (int j = 0; j < m; ++j) {
      const int isInside = (size_t)(column + j) < (size_t)s.width;  // and not negative
      t[2 + j] = isInside ? lw_winograd_column(m, i, &s, j) : vf_zero();
    }
    LW_UNROLL for (int r = 0; r < m + 2; ++r) s.rows[r].at += m * s.rows[r].step;
    if (tile < 0) continue;
    LW_UNROLL for (int j = 0; j < m + 2; ++j) vf_store(to + j * s.plane, lw_winograd_bt(m, j, t));
    to += s.ld;
  }
}

static void lw_winograd_input_2(const lw_winograd_strip *s) {
  LW_UNROLL for (int i = 0; i < 4; ++i) lw_winograd_input_row(2, i, *s);
}

static void lw_winograd_input_4(const lw_winograd_strip *s) {
  LW_UNROLL for (int i = 0; i < 6; ++i) lw_winograd_input_row(4, i, *s);
}

enum { LW_WINOGRAD_PIECE = 8, LW_WINOGRAD_PIECE_COLUMNS = 4 * LW_WINOGRAD_PIECE + 2 };

// The last channels, fewer than sixteen: what the tiles see of them is copied first, a few tiles at a time, with zeros behind
// each pixel and around the image.
static void lw_winograd_input_last(int m, lw_winograd_strip s, int lanes) {
  float copy[LW_WINOGRAD_POINTS][LW_WINOGRAD_PIECE_COLUMNS][VF];
  for (ptrdiff_t left = s.tiles; left > 0; left -= LW_WINOGRAD_PIECE, s.column += m * LW_WINOGRAD_PIECE) {
    lw_winograd_strip piece = s;
    piece.tiles = left < LW_WINOGRAD_PIECE ? left : LW_WINOGRAD_PIECE;
    piece.column = 0;
    piece.width = m * piece.tiles + 2;
    for (int r = 0; r < m + 2; ++r) {
      for (ptrdiff_t j = 0; j < piece.width; ++j) {
        const ptrdiff_t column = s.column + j;
        const int isInside = column >= 0 && column < s.width && s.rows[r].step > 0;
        vf_store(copy[r][j], isInside ? vf_load_n(s.rows[r].at + column * s.rows[r].step, lanes) : vf_zero());
      }
      piece.rows[r] = (lw_winograd_row){copy[r][0], VF};
    }
    if (m == 2) lw_winograd_input_2(&piece); else lw_winograd_input_4(&piece);
    s.to += piece.tiles * s.ld;
  }
}

// All channels of a strip in row `row` of the tiles of image x.
static void lw_winograd_input_strip(const lw_winograd_input *w, const float *x, ptrdiff_t row, lw_winograd_strip s) {
  const int m = w->tiles.m;
  for (ptrdiff_t c = 0; c < w->channels; c += VF, s.to += VF) {
    for (int r = 0; r < m + 2; ++r) {
      const ptrdiff_t h = row * m - w->top + r;
      const int isInside = h >= 0 && h < w->height;
      s.rows[r] = isInside ? (lw_winograd_row){x + h * w->width * w->ldx + c, w->ldx} : (lw_winograd_row){lw_winograd_zeros, 0};
    }
    if (w->channels - c < VF) lw_winograd_input_last(m, s, (int)(w->channels - c));
    else if (m == 2) lw_winograd_input_2(&s);
    else lw_winograd_input_4(&s);
  }
}

static void lw_winograd_input_run(const lw_winograd_input *w) {
  const lw_winograd_tiles *tiles = &w->tiles;
  for (lw_winograd_cursor at = lw_winograd_start(tiles); at.left > 0; lw_winograd_advance(tiles, &at)) {
    const float *x = w->x + at.image * w->height * w->width * w->ldx;
    const lw_winograd_strip s = {.column = at.column * tiles->m - w->left, .width = w->width, .tiles = at.tiles,
                                 .to = w->to + at.done * w->ld, .ld = w->ld, .plane = w->plane};
    lw_winograd_input_strip(w, x, at.row, s);
  }
}
