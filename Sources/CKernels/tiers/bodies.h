// Every kernel body, and the table of this tier. Included once by each file of this folder, after its vector header.
// A family is one folder; its functions are static and carry no tier in their names.

#include "../probe/probe.h"
#include "../activation/activation.h"

#define LW_CAT2(a, b) a##b
#define LW_CAT(a, b) LW_CAT2(a, b)

const lw_table LW_CAT(lw_table_, LW_TIER) = {
    .isa = LW_TIER_ISA,
    // gemm
    // math and activation
    .exp = lw_exp,
    .log = lw_log,
    .activate = lw_activate,
    .activate_gradient = lw_activate_gradient,
    // softmax
    // elementwise
    // reduce
    // update
    // random
    // probe
    .probe_fma = lw_probe_fma,
    .probe_read = lw_probe_read,
};
