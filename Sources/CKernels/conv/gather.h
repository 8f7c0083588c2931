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
  for (int i = 0; i < r; ++i, lw_patch_advance(p, &s->at)) {
    patches[i] = lw_patch_at(p, &s->at);
    is_whole &= patches[i].is_whole;
  }
  const lw_segment *segments = is_whole ? s->columns.runs : s->columns.taps;
  s->gathered.count = is_whole ? s->columns.run_count : s->columns.tap_count;
  for (ptrdiff_t n = 0; n < s->gathered.count; ++n) {
    lw_run *run = s->gathered.runs + n;
    run->count = segments[n].count;
    for (int i = 0; i < r; ++i) {
      const int is_inside = is_whole || lw_tap_is_inside(p, &patches[i], segments + n);
      run->rows[i] = is_inside ? p->x + (patches[i].origin + segments[n].offset) : lw_patch_zeros;
    }
  }
  return &s->gathered;
}
