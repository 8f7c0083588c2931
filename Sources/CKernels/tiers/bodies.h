// Every kernel body, and the table of this tier. Included once by each file of this folder, after its vector header.
// A family is one folder; its functions are static and carry no tier in their names.

#define LW_CAT2(a, b) a##b
#define LW_CAT(a, b) LW_CAT2(a, b)

const lw_table LW_CAT(lw_table_, LW_TIER) = {
    .isa = LW_TIER_ISA,
    // gemm
    // math and activation
    // softmax
    // elementwise
    // reduce
    // update
    // random
};
