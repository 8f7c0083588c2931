// GEMM on NEON: 32 registers of 4 floats, so one vector is four of them. 6x16 keeps 24 accumulators, a row of B and a
// value of A; so does 4x24.
#include "heights.h"

#define LW_GEMM_TILES(X) LW_HEIGHTS_6(X, 1) LW_HEIGHTS_2(X, 2) LW_HEIGHTS_2(X, 3) LW_HEIGHTS_1(X, 4)
#define LW_GEMM_HALF_TILES(X) LW_HEIGHTS_4(X, 1)
#define LW_GEMM_TUNING {.rows = {6, 2, 2, 1}, .half_rows = 4, .registers = 4, .wide = 1, .usual = 1, \
                        .in_place_rows = 96, .in_place_columns = 256, .pack_a_columns = 768, \
                        .rows_block = 48, .columns_block = 192, .gflops = 40, .bandwidth = 30}
