// Tiles in strips: those that lie side by side in one row of tiles of one image.

typedef struct {
  ptrdiff_t image, row, column;  // of the strip's first tile
  ptrdiff_t tiles;               // its length
  ptrdiff_t done, left;          // tiles before it, and from it on
} lw_winograd_cursor;

static void lw_winograd_measure(const lw_winograd_tiles *t, lw_winograd_cursor *at) {
  const ptrdiff_t side = t->columns - at->column;
  at->tiles = side < at->left ? side : at->left;
}

static lw_winograd_cursor lw_winograd_start(const lw_winograd_tiles *t) {
  const ptrdiff_t row = t->first / t->columns;
  lw_winograd_cursor at = {.image = row / t->rows, .row = row % t->rows, .column = t->first % t->columns, .left = t->count};
  lw_winograd_measure(t, &at);
  return at;
}

static void lw_winograd_advance(const lw_winograd_tiles *t, lw_winograd_cursor *at) {
  at->done += at->tiles;
  at->left -= at->tiles;
  at->column = 0;
  if (++at->row == t->rows) { at->row = 0; ++at->image; }
  lw_winograd_measure(t, at);
}
