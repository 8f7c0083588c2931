// GEMM on AVX2: 16 registers of 8 floats. 6x16 keeps 12 accumulators (two FMA units times a latency of 4 need 8), two
// halves of a row of B and one broadcast of A. The flat tiles are for products with 1, 2 or 3 rows, which would
// otherwise wait for the latency of too few chains. 4x24 is as good as 6x16, for the last 17 to 24 columns.
#include "heights.h"

#define LW_GEMM_TILES(X) LW_HEIGHTS_6(X, 1) LW_HEIGHTS_2(X, 2) LW_HEIGHTS_2(X, 3) LW_HEIGHTS_1(X, 4)
#define LW_GEMM_HALF_TILES(X) LW_HEIGHTS_4(X, 1)
#define LW_GEMM_TUNING {.rows = {6, 2, 2, 1}, .half_rows = 4, .registers = 2, .wide = 1, .usual = 1, \
                        .in_place_rows = 102, .in_place_columns = 256, .pack_a_columns = 768, \
                        .rows_block = 48, .columns_block = 192, .gflops = 90, .bandwidth = 60}
