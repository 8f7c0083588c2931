// Every kernel body, and the table of this tier. Included once by each file of this folder, after its vector header.
// A family is one folder; its functions are static and carry no tier in their names.

#include "../simd/lanes.h"
#include "../activation/activation.h"
#include "../gemm/join.h"
#include "../gemm/tile.h"
#include "../conv/patches.h"
#include "../conv/gather.h"
#include "../gemm/block.h"
#include "../gemm/panels.h"
#include "../gemm/stream.h"
#include "../gemm/pack.h"
#include "../conv/fold.h"
#include "../winograd/points.h"
#include "../winograd/strips.h"
#include "../winograd/input.h"
#include "../winograd/output.h"
#include "../winograd/filter.h"
#include "../winograd/gradient.h"
#include "../elementwise/elementwise.h"
#include "../elementwise/broadcast.h"
#include "../reduce/fold.h"
#include "../reduce/columns.h"
#include "../reduce/dot.h"
#include "../reduce/search.h"
#include "../softmax/row.h"
#include "../softmax/softmax.h"
#include "../softmax/cross_entropy.h"
#include "../softmax/loss.h"
#include "../softmax/row_loss.h"
#include "../attention/attention.h"
#include "../embedding/embedding.h"
#include "../pool/windows.h"
#include "../pool/max.h"
#include "../pool/average.h"
#include "../conv/depthwise_axis.h"
#include "../conv/depthwise.h"
#include "../conv/depthwise_weights.h"
#include "../norm/columns.h"
#include "../norm/moments.h"
#include "../norm/apply.h"
#include "../norm/gradient.h"
#include "../norm/rows.h"
#include "../norm/rows_gradient.h"
#include "../recurrent/steps.h"
#include "../recurrent/gradients.h"
#include "../update/update.h"
#include "../update/penalty.h"
#include "../random/philox.h"
#include "../random/distributions.h"
#include "../probe/probe.h"

#define LW_CAT2(a, b) a##b
#define LW_CAT(a, b) LW_CAT2(a, b)

const lw_table LW_CAT(lw_table_, LW_TIER) = {
    .isa = LW_TIER_ISA,
    // gemm
    .gemm_tuning = LW_GEMM_TUNING,
    .gemm_block = lw_gemm_block_run,
    .gemm_stream = lw_gemm_stream_run,
    .gemm_join = lw_gemm_join,
    .gemm_pack_a = lw_gemm_pack_a,
    .gemm_pack_b = lw_gemm_pack_b,
    .transpose = lw_transpose,
    // conv
    .conv_pack = lw_conv_pack,
    .conv_fold = lw_conv_fold,
    // winograd
    .winograd_input = lw_winograd_input_run,
    .winograd_output = lw_winograd_output_run,
    .winograd_filter = lw_winograd_filter_run,
    .winograd_gradient = lw_winograd_gradient_run,
    .winograd_weights = lw_winograd_weights_run,
    // math and activation
    .exp = lw_exp,
    .log = lw_log,
    .erf = lw_erf,
    .activate = lw_activate,
    .activate_gradient = lw_activate_gradient,
    .prelu = lw_prelu,
    .prelu_gradient = lw_prelu_gradient,
    // softmax
    .softmax = lw_softmax,
    .log_softmax = lw_log_softmax,
    .softmax_gradient = lw_softmax_gradient,
    .log_softmax_gradient = lw_log_softmax_gradient,
    .cross_entropy_labels = lw_cross_entropy_labels,
    .cross_entropy_targets = lw_cross_entropy_targets,
    .sigmoid_cross_entropy = lw_sigmoid_cross_entropy,
    .element_loss = lw_element_loss,
    .cosine_loss = lw_cosine_loss,
    .add_information = lw_add_information,
    // norm
    .norm_moments = lw_norm_moments,
    .norm_join = lw_norm_join,
    .norm_inverse = lw_norm_inverse,
    .norm_track = lw_norm_track,
    .norm_apply = lw_norm_apply,
    .norm_sums = lw_norm_sums,
    .norm_terms = lw_norm_terms,
    .norm_dx = lw_norm_dx,
    .row_norm = lw_row_norm_run,
    .row_norm_gradient = lw_row_norm_gradient_run,
    // recurrent
    .simple_step = lw_simple_step,
    .lstm_step = lw_lstm_step,
    .gru_step = lw_gru_step,
    .simple_gradient = lw_simple_gradient,
    .lstm_gradient = lw_lstm_gradient,
    .gru_gradient = lw_gru_gradient,
    .rows_differ = lw_rows_differ,
    // elementwise
    .add = lw_add,
    .subtract = lw_subtract,
    .multiply = lw_multiply,
    .divide = lw_divide,
    .scale = lw_scale,
    .axpy = lw_axpy,
    .clamp = lw_clamp,
    .scale_bytes = lw_scale_bytes,
    .add_row = lw_add_row,
    .multiply_row = lw_multiply_row,
    .add_column = lw_add_column,
    .multiply_column = lw_multiply_column,
    .gather_rows = lw_gather_rows,
    // reduce
    .fold_chunks = lw_fold_chunks,
    .fold_rows = lw_fold_rows,
    .fold_columns = lw_fold_columns,
    .fold_join = lw_fold_join,
    .fold_finish = lw_fold_finish,
    .dot_chunks = lw_dot_chunks,
    .argmax_rows = lw_argmax_rows,
    .argmax_columns = lw_argmax_columns,
    .find = lw_find,
    .is_finite = lw_is_finite,
    // depthwise
    .depthwise = lw_depthwise_rows,
    .depthwise_weights = lw_depthwise_weights,
    // attention
    .attention_softmax = lw_attention_softmax,
    .attention_softmax_gradient = lw_attention_softmax_gradient,
    // embedding
    .embedding = lw_embedding,
    .embedding_gradient = lw_embedding_gradient,
    // pool
    .pool_max = lw_pool_max,
    .pool_max_gradient = lw_pool_max_gradient,
    .pool_average = lw_pool_average,
    .pool_average_gradient = lw_pool_average_gradient,
    .pool_spread = lw_pool_spread,
    // update
    .optimizer_update = lw_optimizer_update,
    .average_update = lw_average_update,
    // penalty
    .absolute_power = lw_absolute_power,
    .penalty_gradient = lw_penalty_gradient,
    .norm_factors = lw_norm_factors,
    // random
    .random_bits = lw_random_bits,
    .random_uniform = lw_random_uniform,
    .random_normal = lw_random_normal,
    .random_truncated_normal = lw_random_truncated_normal,
    .random_dropout = lw_random_dropout,
    .random_affine_dropout = lw_random_affine_dropout,
    .random_permutation = lw_random_permutation,
    // probe
    .probe_fma = lw_probe_fma,
    .probe_read = lw_probe_read,
    .probe_copy = lw_probe_copy,
};
