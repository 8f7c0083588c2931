// Patches that are not copied: for each row of a tile, pointers to where its columns lie in the image.

typedef struct { ptrdiff_t count; lw_run runs[LW_GEMM_KC]; } lw_gathered;

// Goes through patches, the rows of a tile at a time, always the same columns.
typedef struct {
  const lw_patches *patches;
  lw_patch_columns columns;
  lw_patch_cursor at;
  lw_gathered gathered;
} lw_patch_reader;

// Stands for what lies outside an image; no tap has more columns in a block.
static const float lw_patch_zeros[LW_GEMM_KC] = {0};

static void lw_patch_reader_init(lw_patch_reader *s, const lw_patches *p, ptrdiff_t row, ptrdiff_t l, ptrdiff_t k) {
  s->patches = p;
  lw_patch_columns_init(&s->columns, p, l, k);
  s->at = lw_patch_start(p, row);
}

// The next r patches: kernel rows as runs when all of these patches lie inside their images, else taps.
static const lw_gathered *lw_patch_reader_next(lw_patch_reader *s, int r) {
  const lw_patches *p = s->patches;
  lw_patch patches[LW_TILE_ROWS];
  int is_whole = 1;
  lw_patch_cursor at = s->at;
  for (ptrdiff_t i = 0, n; i < r; i += n, lw_patch_advance(p, &at, n)) {
    n = lw_patches_in_row(p, &at, r - i);
    is_whole &= lw_are_whole(p, &at, n);
    for (ptrdiff_t j = 0; j < n; ++j) {
      const ptrdiff_t x = j * p->stride_width;
      patches[i + j] = (lw_patch){at.patch.y, at.patch.x + x, at.patch.origin + x * p->ldx};
    }
  }
  s->at = at;
  const lw_segment *segments = is_whole ? s->columns.runs : s->columns.taps;
  s->gathered.count = is_whole ? s->columns.run_count : s->columns.tap_count;
  for (ptrdiff_t n = 0; n < s->gathered.count; ++n) {
    lw_run *run = s->gathered.runs + n;
    run->count = segments[n].count;
    if (is_whole) {
      for (int i = 0; i < r; ++i) run->rows[i] = p->x + (patches[i].origin + segments[n].offset);
    } else {
      for (int i = 0; i < r; ++i)
        run->rows[i] = lw_tap_is_inside(p, &patches[i], segments + n) ? p->x + (patches[i].origin + segments[n].offset)
                                                                       : lw_patch_zeros;
    }
  }
  return &s->gathered;
}
