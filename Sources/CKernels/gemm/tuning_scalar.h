// GEMM without intrinsics: the compiler's vectors, of unknown width. Small tiles, so that whatever it makes of them
// stays in registers.
#include "heights.h"

#define LW_GEMM_TILES(X) LW_HEIGHTS_4(X, 1) LW_HEIGHTS_1(X, 2) LW_HEIGHTS_1(X, 3) LW_HEIGHTS_1(X, 4)
#define LW_GEMM_HALF_TILES(X) LW_HEIGHTS_2(X, 1)
#define LW_GEMM_TUNING {.rows = {4, 1, 1, 1}, .half_rows = 2, .registers = 4, .wide = 1, .usual = 1, \
                        .in_place_rows = 96, .in_place_columns = 256, .pack_a_columns = 768, \
                        .rows_block = 48, .columns_block = 192, .gflops = 20, .bandwidth = 20}
