// CKernels: every arithmetic inner loop of Lanewise, as one table of functions per SIMD tier.
//
// Conventions. float is IEEE binary32. Matrices are row-major; ld* is the distance in elements between rows. Pointers
// need only the alignment of their element. No kernel reads or writes outside the elements its arguments name, none
// allocates, and none starts a thread: shapes are checked and work is divided by the caller (the Swift module Kernels).
// A kernel gives the same bits on every tier; tests/Reference states the order of operations in plain loops.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

// ---------------------------------------------------------------------------------------------------------------- CPU

typedef enum lw_isa { LW_SCALAR = 0, LW_AVX2 = 1, LW_AVX512 = 2, LW_NEON = 3 } lw_isa;

typedef struct lw_table lw_table;

// The kernels of a tier, or NULL when this build or this processor (or its operating system) does not have it.
// LW_SCALAR is always there.
const lw_table *_Nullable lw_table_for(lw_isa isa);

// The processor's name as it reports it ("" when it does not), written into name as a terminated string.
void lw_cpu_name(char *name, size_t capacity);

// The processors this process may run on, hardware threads counted: on Linux those of its affinity mask (taskset, containers with
// a cpuset). Their numbers go to cpus, as far as there is room. At least 1.
int lw_allowed_cpus(int *_Nullable cpus, int capacity);

// The table this thread works with: the one set by lw_thread_table_set, or NULL.
const lw_table *_Nullable lw_thread_table(void);
void lw_thread_table_set(const lw_table *_Nullable table);

// The same, but where this thread has none the one set by lw_default_table_set for all, or NULL.
const lw_table *_Nullable lw_current_table(void);
void lw_default_table_set(const lw_table *table);

// The scoped thread limit of this thread: 0 when none is set.
int lw_thread_limit(void);
void lw_thread_limit_set(int limit);

// The same, but where this thread has none the one set by lw_default_limit_set for all, or 0.
int lw_current_limit(void);
void lw_default_limit_set(int limit);

// Working memory that this thread keeps to itself, once it says so: what it has last written it finds in its own cache, and it need not
// take turns with others.
typedef struct lw_buffer { float *_Nullable pointer; size_t capacity; } lw_buffer;
void lw_keep_buffers(int keeps);
// The smallest kept buffer of at least `count` values, no longer kept; without a pointer when there is none.
lw_buffer lw_take_kept_buffer(size_t count);
// 1 when the buffer is kept, 0 when there is no room or this thread keeps none.
int lw_keep_buffer(lw_buffer buffer);

// A hint to the processor that this is a spin loop.
void lw_spin_pause(void);

// -------------------------------------------------------------------------------------------------------------- Forks

// A mutex that forks wait for: whatever locks other threads hold at the time, in the child none is held, and what they guard is
// whole. Whoever holds one must not make or destroy another.
typedef struct lw_lock lw_lock;
lw_lock *lw_lock_create(void);
void lw_lock_destroy(lw_lock *lock);
void lw_lock_acquire(lw_lock *lock);
void lw_lock_release(lw_lock *lock);

// How many forks lie between the process the program began as and this one: 0 in that one itself.
unsigned lw_fork_count(void);

// From now on `before` is called ahead of each fork, on the thread that forks, and `in_child` after it in the child. The first call
// sets the pair for the whole program; the others cost next to nothing.
typedef void (*lw_fork_handler)(void);
void lw_fork_watch(lw_fork_handler before, lw_fork_handler in_child);

// ------------------------------------------------------------------------------------------------- Arguments of kernels

// What a fold does with each element: sum of x, of |x|, of x * x, of x - shift, of (x - shift)^2; largest x, largest |x|.
typedef enum lw_fold {
  LW_FOLD_SUM, LW_FOLD_ABS, LW_FOLD_SQUARE, LW_FOLD_DIFFERENCE, LW_FOLD_DEVIATION, LW_FOLD_MAX, LW_FOLD_ABSMAX
} lw_fold;

// What makes a result of a fold: y / n (means), sqrt(y) (norms), y + 0 (maxima: no negative zero).
typedef enum lw_finish { LW_FINISH_DIVIDE, LW_FINISH_SQRT, LW_FINISH_UNSIGN_ZERO } lw_finish;

// The rules of optimizers: update/rules.h.
typedef enum lw_update_rule {
  LW_UPDATE_SGD, LW_UPDATE_MOMENTUM, LW_UPDATE_NESTEROV, LW_UPDATE_ADAGRAD,
  LW_UPDATE_RMSPROP, LW_UPDATE_RMSPROP_MOMENTUM, LW_UPDATE_RMSPROP_CENTRED, LW_UPDATE_RMSPROP_CENTRED_MOMENTUM,
  LW_UPDATE_ADADELTA, LW_UPDATE_ADAM, LW_UPDATE_AMSGRAD, LW_UPDATE_ADAMAX, LW_UPDATE_NADAM
} lw_update_rule;

// The scalars of an optimizer step. The gradient g of a parameter w becomes clamp(scale * g, -limit, limit) + l2 * w; the rule
// makes a direction d of it; then w = keep * w - rate * d. The rest belongs to the rules, and not each uses all.
typedef struct lw_update {
  float scale, limit, l2;
  float rate, keep;
  // A running mean, or velocity: decay1 * mean + share1 * g; a running mean square: decay2 * square + share2 * g * g.
  float decay1, share1, decay2, share2;
  // The denominator: sqrt(square) * correction + epsilon.
  float correction, epsilon;
  // The numerator of NAdam: mix_gradient * g + mix_mean * mean.
  float mix_gradient, mix_mean;
  // The state counts as zeros and is not read.
  int fresh;
} lw_update;

// The slope of a penalty: twice_l2 x + sign(x) (l1 + power |x|^exponent).
typedef struct lw_penalty { float l1, twice_l2, power, exponent; } lw_penalty;

// One sequence of random numbers.
typedef struct lw_random { uint64_t seed, stream; } lw_random;

// Activation functions; the formulas are in activation/forward.h.
typedef enum lw_activation {
  LW_LINEAR = 0, LW_RELU, LW_LEAKY_RELU, LW_ELU, LW_SIGMOID, LW_TANH, LW_SOFTPLUS, LW_GELU, LW_GELU_TANH, LW_SILU,
  LW_SELU, LW_RELU6, LW_HARD_SIGMOID, LW_HARD_SWISH, LW_MISH, LW_SOFTSIGN
} lw_activation;

// Losses of single elements; the formulas are in softmax/loss.h.
typedef enum lw_element_loss_kind {
  LW_SQUARED_ERROR = 0, LW_ABSOLUTE_ERROR, LW_HUBER, LW_HINGE, LW_SQUARED_HINGE
} lw_element_loss_kind;

// GEMM. Sums over k are cut at multiples of this. Part of the numerical contract: the same on every tier, never tuned.
enum { LW_GEMM_KC = 384 };

// What happens to a finished element t of C: t += bias[j]; t += residual[i*ldr + j]; t = f(t).
typedef struct lw_gemm_epilogue {
  const float *_Nullable bias;      // n values
  const float *_Nullable residual;  // m x n, rows ldr apart
  ptrdiff_t ldr;
  lw_activation activation;
  float activation_alpha;
} lw_gemm_epilogue;

// Convolution. Patches of images: a matrix with a row for each output pixel (image, row, column) and a column for each value
// of a patch (kernel row r, kernel column s, channel c). Its element is the channel of input pixel
// (row * stride_height + r * dilation_height - top, column * stride_width + s * dilation_width - left), 0 outside the image.
typedef struct lw_patches {
  const float *x;                              // images of height x width pixels, ldx values apart; the first channel used
  ptrdiff_t height, width, ldx, channels;
  ptrdiff_t rows, columns;                     // output pixels of an image
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t stride_height, stride_width;
  ptrdiff_t dilation_height, dilation_width;   // negative: later taps lie above and to the left
  ptrdiff_t top, left;
} lw_patches;

// C = beta*C + alpha*A*B, then the epilogue when there is one. m, n, k > 0 and k <= LW_GEMM_KC.
typedef struct lw_gemm_block {
  ptrdiff_t m, n, k;
  const float *a; ptrdiff_t lda;  // m x k; or, when transposed, k x m
  const float *b; ptrdiff_t ldb;  // k x n in place; or, when packed, what gemm_pack_b wrote with this k and width
  float *c; ptrdiff_t ldc;        // m x n
  float alpha, beta;              // C is not read when beta is 0
  const lw_gemm_epilogue *_Nullable epilogue;
  int width;                      // of a tile, in vectors of 16 columns: 1...4
  int transposed, packed;
  int panels_outside;             // for each panel of B all rows of A (else: for each tile of rows all of B)
  // NULL, or what A is instead: rows patch_row ..< patch_row + m and columns patch_column ..< patch_column + k of the matrix of
  // patches, read where they lie in the images. Then transposed and panels_outside are 0.
  const lw_patches *_Nullable patches; ptrdiff_t patch_row, patch_column;
} lw_gemm_block;

// `count` matrices of sums, m x n with rows ld apart, each `stride` after the one before.
typedef struct lw_gemm_sums {
  ptrdiff_t m, n;
  const float *p; ptrdiff_t ld;
  ptrdiff_t count, stride;
} lw_gemm_sums;

// What suits this tier's registers and the caches of its processors. No field changes a bit of a result.
typedef struct lw_gemm_tuning {
  int rows[4];          // the tallest tile that is 1, 2, 3, 4 vectors of 16 columns wide
  int half_rows;        // the tallest tile that is a vector and a half wide; 0 where there is none
  int registers;        // hardware registers that make one vector
  int wide, usual;      // tile width when `wide` divides the vectors of n; and otherwise
  // B is read where it lies, not packed, when the product has few rows, so that a panel is used too seldom to pay for its
  // copy (panel by panel); or few columns, so that a block of B stays in the second-level cache anyway (row by row).
  int in_place_rows, in_place_columns;
  int pack_a_columns;   // from this many columns on, a compact copy of A pays
  int rows_block;       // MC: rows of A copied at a time
  int columns_block;    // NC: columns of B that go through a block of k together; LW_GEMM_KC * NC values in the second-level cache
  // What one core reaches, roughly, to estimate the time of a job: arithmetic, and reading B from a cache all cores share
  // (GB/s), which bounds products with few rows.
  double gflops, bandwidth;
} lw_gemm_tuning;

// Rows of logits through softmax and cross-entropy: one loss a row and, unless gradient is NULL, the derivative of each loss
// times gradient_scale. gradient may be logits, with ldg = ld.
typedef struct lw_cross_entropy {
  size_t rows, columns;
  const float *logits; size_t ld;
  float smoothing;       // e: targets become (1 - e) t + e / columns
  float gradient_scale;
  float *losses;
  float *_Nullable gradient; size_t ldg;
} lw_cross_entropy;

// Rows of attention scores, one a query, one column a key.
typedef struct lw_attention_rows {
  size_t rows, columns;
  size_t first;              // the query of row 0
  int is_causal;             // query i sees keys 0...i only
  float scale;
  const float *_Nullable mask;  // columns values: 0 hides a key; NULL shows all
} lw_attention_rows;

// Pooling, one axis: window o covers elements o*stride - before ..< o*stride - before + size, as far as they exist.
// size 0 means adaptive: window o covers floor(o * input / output) ..< ceil((o + 1) * input / output).
typedef struct lw_pool_axis {
  ptrdiff_t input, output;   // elements, windows
  ptrdiff_t size, stride;
  ptrdiff_t before, after;   // padding, each less than size
} lw_pool_axis;

// Pooling of NHWC images of rows.input x columns.input pixels.
typedef struct lw_pool {
  lw_pool_axis rows, columns;
  ptrdiff_t channels;
  int counts_padding;        // an average divides by the padding too
} lw_pool;

// Winograd convolution F(m x m, 3 x 3), m = 2 or 4: winograd/points.h.

// Tiles of m x m outputs, counted through all images row by row: of these, `count` from `first` on.
typedef struct lw_winograd_tiles {
  int m;
  ptrdiff_t rows, columns;  // of the tiles of one image
  ptrdiff_t first, count;
} lw_winograd_tiles;

// The transformed patches of some tiles: (m + 2)^2 matrices V, tiles x channels. Patch (0, 0) starts `top` rows above and `left`
// columns left of the first pixel of its image; pixels outside the image are zero.
typedef struct lw_winograd_input {
  lw_winograd_tiles tiles;
  ptrdiff_t height, width, channels, top, left;
  const float *x; ptrdiff_t ldx;       // pixels ldx apart
  float *to; ptrdiff_t ld, plane;      // rows ld apart, matrices plane apart; channels are filled up to whole vectors
} lw_winograd_input;

// The outputs of some tiles from the (m + 2)^2 products M, tiles x filters. Sizes are those of the result.
typedef struct lw_winograd_output {
  lw_winograd_tiles tiles;
  ptrdiff_t height, width, filters;
  const float *from; ptrdiff_t ld, plane;  // rows of whole vectors
  float *y; ptrdiff_t ldy;                 // pixels ldy apart
  const lw_gemm_epilogue *_Nullable epilogue;  // a row of the residual is a pixel
} lw_winograd_output;

// Transformed filters: (m + 2)^2 matrices U, k x n, each in panels as gemm_pack_b makes them.
typedef struct lw_winograd_filter {
  int m;
  ptrdiff_t k, n;
  // Weight (r, s) of element (l, j) is weights[(3r + s) * weight + l * ld + j]; turned, it is
  // weights[(3(2 - r) + 2 - s) * weight + j * ld + l], as the gradient of the input needs them.
  const float *weights; ptrdiff_t weight, ld;
  int turned;
  int width;
  float *to; ptrdiff_t plane;
} lw_winograd_filter;

// The gradient of the weights from the 16 products N of some channels and filters, rows x columns: gradient (r, s) goes to
// to + (3r + s) * weight, rows ldt apart.
typedef struct lw_winograd_weights {
  ptrdiff_t rows, columns;
  const float *from; ptrdiff_t ld, plane;  // rows of whole vectors
  float *to; ptrdiff_t ldt, weight;
} lw_winograd_weights;

// Depthwise convolution, one axis: output o reads, by tap t, input o * stride + t * dilation - before where there is one.
typedef struct lw_depthwise_axis {
  ptrdiff_t input, output;
  ptrdiff_t taps, stride, dilation, before;
} lw_depthwise_axis;

// Depthwise convolution of NHWC images with weights [taps down][taps across][channels].
typedef struct lw_depthwise {
  lw_depthwise_axis rows, columns;
  ptrdiff_t channels;
  int adjoint;    // from outputs to inputs: what is read has the size of outputs and what is written that of inputs
  int continues;  // sums go on from what is there
  int ahead;      // fetch input before it is needed: for images that are not in a cache
  // From a tap to the next and from a channel to the next, in the weights: channels and 1 as above. Or 16 and the number of
  // taps: for each vector of channels all taps, the last vector filled up, which keeps them apart in a cache.
  ptrdiff_t w_tap, w_channel;
} lw_depthwise;

// Rows counted through all images of a batch, and channels.
typedef struct lw_depthwise_part { ptrdiff_t row, rows, channel, channels; } lw_depthwise_part;

// Normalisation by column: some rows of a matrix, ld apart. Narrow matrices are folded: `fold` rows that follow each other
// (ld == columns) are taken for one row of fold * columns elements, which makes whole vectors and shorter chains of additions,
// and what is left at the end for one shorter row. Parameters of columns that kernels of folded rows read are then given fold
// times, one copy after the other. fold is a power of two; fold * columns is at most 1024 unless fold is 1.
typedef struct lw_norm_rows { size_t rows, columns, ld, fold; } lw_norm_rows;

// Rows cut into chunks of chunk_rows, the last of which may be shorter.
typedef struct lw_norm_chunks { size_t rows, columns, chunks, chunk_rows; } lw_norm_chunks;

// What the backward pass starts from. ReLU's derivative comes from y where it is given, else from (x - mean) scale + shift
// where these are given, else there was no ReLU.
typedef struct lw_norm_gradient {
  const float *x, *dy;
  const float *_Nullable y;
  const float *mean;
  const float *_Nullable scale, *_Nullable shift;
} lw_norm_gradient;

// Normalisation by row: layer norm, or RMS norm when it is not centered. y may be x.
typedef struct lw_row_norm {
  size_t rows, columns;  // no distance between rows
  const float *x, *_Nullable gamma, *_Nullable beta;
  float epsilon;
  int centered;
  float *y, *_Nullable mean, *_Nullable inverse;  // inverse: 1 / sqrt(variance + epsilon)
} lw_row_norm;

// Its backward pass: without mean that of RMS norm. dx may be dy or x.
typedef struct lw_row_norm_gradient {
  size_t rows, columns;
  const float *x, *dy, *_Nullable gamma, *_Nullable mean, *inverse;
  float *dx, *_Nullable gamma_gradient, *_Nullable beta_gradient;  // both or none
} lw_row_norm_gradient;

// Recurrent layers: one time step of some rows (examples), after the matrix products. Columns of gates and sums are the gates one
// after the other: LSTM i, f, g, o; GRU z, r, n; the simple cell has one.

// A state: the outputs h and, of LSTM, the cells c, both rows x units with rows ld apart.
typedef struct lw_state { float *_Nullable h, *_Nullable c; ptrdiff_t ld; } lw_state;

typedef struct lw_recurrent {
  ptrdiff_t rows, units;
  const float *inner; ptrdiff_t ldi;            // x W + b
  const float *_Nullable outer; ptrdiff_t ldo;  // h U, of GRU plus a bias; NULL (not with GRU): none
  float *_Nullable gates; ptrdiff_t ldg;        // where the gates go, for the gradient; may be `inner`
  float *_Nullable candidate; ptrdiff_t ldk;    // GRU: where a copy of the last gate's sums goes, for the gradient
  const float *_Nullable mask; ptrdiff_t ldm;   // one value a row; 0: the state stays as it is
  lw_state state;                               // in: before the step; out: after it
  lw_state trace;                               // where copies of the state before go; h NULL: nowhere
  float *_Nullable y; ptrdiff_t ldy;            // where a copy of h after the step goes
} lw_recurrent;

typedef struct lw_recurrent_gradient {
  ptrdiff_t rows, units;
  float *gates; ptrdiff_t ldg;                  // in: the gates; out: the gradients of x W + b
  const float *_Nullable h_before, *_Nullable c_before; ptrdiff_t ldb;  // GRU reads h, LSTM c
  const float *_Nullable c_after; ptrdiff_t lda;                        // LSTM
  const float *_Nullable candidate; ptrdiff_t ldk;                      // GRU
  const float *_Nullable mask; ptrdiff_t ldm;
  const float *_Nullable dy; ptrdiff_t ldy;
  // In: the gradients of h and c after the step, without dy. Out: of c before it, and of h before it as far as it does not pass
  // through the matrix product. Where that is nothing (LSTM and the simple cell without mask), dh is left as it is.
  float *dh, *_Nullable dc; ptrdiff_t ldd;
  float *_Nullable outer; ptrdiff_t ldo;        // GRU: where the gradients of h U + b go
  float *dsums; ptrdiff_t lds;                  // where a copy of them goes (without GRU, of the gradients of x W + b)
} lw_recurrent_gradient;

// ----------------------------------------------------------------------------------------------------- The kernel table

struct lw_table {
  lw_isa isa;

  // gemm: one float32 matrix product on one core -----------------------------------------------------------------------

  lw_gemm_tuning gemm_tuning;
  void (*gemm_block)(const lw_gemm_block *block);
  // The same for A not transposed, reading B once in the order it lies in memory: m <= 4 and B in place, or m <= 2 and B packed,
  // width 1.
  void (*gemm_stream)(const lw_gemm_block *block);
  // C = beta*C + alpha*sums[0] + alpha*sums[1] + ... in this order, then the epilogue. No sums: beta*C, then the epilogue.
  void (*gemm_join)(const lw_gemm_sums *sums, float *c, ptrdiff_t ldc, float alpha, float beta,
                    const lw_gemm_epilogue *_Nullable epilogue);
  // op(A), m x k, row-major without gaps. a is k x m when transposed.
  void (*gemm_pack_a)(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposed, float *to);
  // op(B), k x n, as panels of 16*width columns one after the other, padded with zeros to whole vectors: k times n rounded
  // up to 16 values. b is n x k when transposed.
  void (*gemm_pack_b)(ptrdiff_t k, ptrdiff_t n, int width, const float *b, ptrdiff_t ldb, int transposed, float *to);

  // to[i][l] = from[l][i] for i < m, l < k.
  void (*transpose)(ptrdiff_t m, ptrdiff_t k, const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt);

  // conv: patches of images as an operand of gemm ----------------------------------------------------------------------

  // Columns l ..< l + k <= l + LW_GEMM_KC of patches i ..< i + m, in rows ldt >= k apart. Writes up to 15 values more.
  void (*conv_pack)(const lw_patches *p, ptrdiff_t i, ptrdiff_t m, ptrdiff_t l, ptrdiff_t k, float *to, ptrdiff_t ldt);
  // The transpose: each value of the image y (of p's sizes; p->x is not looked at) is the sum, from 0, over the taps on it in
  // ascending order, of its place in the patches `from`, whole rows ldf apart. Dilations are positive. Reads up to 15 values more.
  void (*conv_fold)(const lw_patches *p, const float *from, ptrdiff_t ldf, float *y);

  // winograd: 3 x 3 convolution with fewer multiplications ---------------------------------------------------------------

  // V = B^T d B, Y = f(A^T M A + bias + residual), U = G g G^T.
  void (*winograd_input)(const lw_winograd_input *job);
  void (*winograd_output)(const lw_winograd_output *job);
  void (*winograd_filter)(const lw_winograd_filter *job);
  // D = H dy H^T for m = 2, the job's image being dy, its patches the tiles themselves (top and left are 0); dw = C^T N C.
  void (*winograd_gradient)(const lw_winograd_input *job);
  void (*winograd_weights)(const lw_winograd_weights *job);

  // math and activation: y[i] = f(x[i]) --------------------------------------------------------------------------------

  // y[i] = e^x[i], ln x[i], erf x[i]. y may be x.
  void (*exp)(size_t count, const float *x, float *y);
  void (*log)(size_t count, const float *x, float *y);
  void (*erf)(size_t count, const float *x, float *y);

  // y[i] = f(x[i]). alpha is the slope of leaky ReLU and the scale of ELU. y may be x.
  void (*activate)(lw_activation kind, float alpha, size_t count, const float *x, float *y);

  // dx[i] = f'(.) dy[i]: v is the input x for GELU (both forms), SiLU, mish and hard swish, the output y for the others. dx may be dy or v.
  void (*activate_gradient)(lw_activation kind, float alpha, size_t count, const float *v, const float *dy, float *dx);

  // y[i][j] = x[i][j] where that is positive, otherwise slope[j] x[i][j]; no distance between rows. y may be x.
  void (*prelu)(size_t rows, size_t columns, const float *x, const float *slope, float *y);
  // dx[i][j] = dy[i][j], or slope[j] dy[i][j]; slope_gradient[j] = the sum of dy x over the rows where x is not positive, from 0.
  // dx may be dy or x.
  void (*prelu_gradient)(size_t rows, size_t columns, const float *x, const float *slope, const float *dy,
                         float *_Nullable dx, float *slope_gradient);

  // softmax: rows of logits --------------------------------------------------------------------------------------------

  // Rows of at most 2^24 columns. y may be x, dx may be y or dy, with the same distance between rows.
  void (*softmax)(size_t rows, size_t columns, const float *x, size_t ldx, float *y, size_t ldy);
  void (*log_softmax)(size_t rows, size_t columns, const float *x, size_t ldx, float *y, size_t ldy);
  void (*softmax_gradient)(size_t rows, size_t columns, const float *y, size_t ldy, const float *dy, size_t lddy,
                           float *dx, size_t lddx);
  void (*log_softmax_gradient)(size_t rows, size_t columns, const float *y, size_t ldy, const float *dy, size_t lddy,
                               float *dx, size_t lddx);

  // One class a row, in 0..<columns, or a target for every class in rows ldt apart. See lw_cross_entropy.
  void (*cross_entropy_labels)(const lw_cross_entropy *job, const int32_t *labels);
  void (*cross_entropy_targets)(const lw_cross_entropy *job, const float *targets, size_t ldt);

  // Losses of single elements, and where gradient is given their derivatives times gradient_scale. Either may be x.
  void (*sigmoid_cross_entropy)(size_t count, const float *x, const float *targets, float smoothing, float gradient_scale,
                                float *losses, float *_Nullable gradient);
  // parameter is the delta of Huber's loss.
  void (*element_loss)(lw_element_loss_kind kind, float parameter, size_t count, const float *predictions,
                       const float *targets, float gradient_scale, float *losses, float *_Nullable gradient);

  // Losses of rows: -cos of the angle between prediction and target, and its derivative times gradient_scale. gradient may be
  // predictions or targets, with the same distance between rows.
  void (*cosine_loss)(size_t rows, size_t columns, const float *predictions, size_t ldp, const float *targets, size_t ldt,
                      float gradient_scale, float *losses, float *_Nullable gradient, size_t ldg);
  // y[i] += sum of t ln t over row i, 0 where t is 0.
  void (*add_information)(size_t rows, size_t columns, const float *t, size_t ldt, float *y);

  // attention: rows of scores ---------------------------------------------------------------------------------------------

  // x becomes softmax(scale x) over the keys seen, 0 for the others; all 0 where none is seen.
  void (*attention_softmax)(const lw_attention_rows *a, float *x, size_t ld);
  // dy becomes scale y (dy - sum y dy) over the keys that are not after the query, 0 for the others.
  void (*attention_softmax_gradient)(const lw_attention_rows *a, const float *y, size_t ldy, float *dy, size_t lddy);

  // embedding: rows of a table by token, whole numbers of the table's rows held as floats -----------------------------------

  void (*embedding)(size_t count, size_t columns, const float *tokens, const float *table, size_t ldt, float *y, size_t ldy);
  // gradient[r] = the sum of dy[i] over all i with tokens[i] == r, ascending, from 0, for r < vocabulary.
  void (*embedding_gradient)(size_t count, size_t columns, size_t vocabulary, const float *tokens, const float *dy, size_t lddy,
                             float *gradient, size_t ldg);

  // norm: batch, group, layer and RMS normalisation ---------------------------------------------------------------------

  // Of the rows' columns: sum[j] = sum of x - origin[j], squares[j] = sum of (x - mean)^2 with the mean of these rows. One pass.
  void (*norm_moments)(const lw_norm_rows *m, const float *x, const float *origin, float *sum, float *squares);
  // The same of all chunks together: the mean, and the sum of squared distances from it. sums and squares have a row of
  // results for each chunk.
  void (*norm_join)(const lw_norm_chunks *c, const float *origin, const float *sums, const float *squares, float *mean,
                    float *total);
  // y[j] = 1 / sqrt(squares[j] / count + epsilon). y may be squares.
  void (*norm_inverse)(size_t n, float count, float epsilon, const float *squares, float *y);
  // running[j] = fma(keep, running[j] - v, v), v = values[j] / divisor.
  void (*norm_track)(size_t n, float keep, float divisor, const float *values, float *running);
  // y = fma(x - mean, scale, shift), y += residual, y = max(0, y) as far as asked for. y may be x or residual.
  void (*norm_apply)(const lw_norm_rows *m, const float *x, const float *mean, const float *scale, const float *shift,
                     const float *_Nullable residual, int relu, float *y);
  // Of the rows' columns: sum[j] = sum dz, product[j] = sum dz (x - mean), where dz is dy, or 0 where ReLU was off.
  void (*norm_sums)(const lw_norm_rows *m, const lw_norm_gradient *g, float *sum, float *product);
  // b[j] = -scale / count * (product * inverse * inverse), c[j] = -scale / count * sum.
  void (*norm_terms)(size_t n, float count, const float *scale, const float *inverse, const float *sum, const float *product,
                     float *b, float *c);
  // dx = fma(a, dz, fma(b, x - mean, c)), residual = dz, each where it is given. Either may be dy, dx also x.
  void (*norm_dx)(const lw_norm_rows *m, const lw_norm_gradient *g, const float *a, const float *b, const float *c,
                  float *_Nullable dx, float *_Nullable residual);
  // Rows of at most 2^24 columns.
  void (*row_norm)(const lw_row_norm *job);
  void (*row_norm_gradient)(const lw_row_norm_gradient *job);

  // recurrent: one time step, after the matrix products ------------------------------------------------------------------

  // kind: LW_TANH or LW_RELU.
  void (*simple_step)(const lw_recurrent *step, lw_activation kind);
  void (*lstm_step)(const lw_recurrent *step);
  void (*gru_step)(const lw_recurrent *step);
  void (*simple_gradient)(const lw_recurrent_gradient *step, lw_activation kind);
  void (*lstm_gradient)(const lw_recurrent_gradient *step);
  void (*gru_gradient)(const lw_recurrent_gradient *step);
  // y[i] = 1 when an element of row i is other than value, else 0.
  void (*rows_differ)(size_t rows, size_t columns, const float *x, size_t ldx, float value, float *y);

  // elementwise: arithmetic on arrays and rows -------------------------------------------------------------------------

  // z[i] = x[i] op y[i]. z may be x or y.
  void (*add)(const float *x, const float *y, float *z, size_t n);
  void (*subtract)(const float *x, const float *y, float *z, size_t n);
  void (*multiply)(const float *x, const float *y, float *z, size_t n);
  void (*divide)(const float *x, const float *y, float *z, size_t n);
  // y[i] = s * x[i]; y may be x.
  void (*scale)(float s, const float *x, float *y, size_t n);
  // y[i] = fma(a, x[i], y[i]).
  void (*axpy)(float a, const float *x, float *y, size_t n);
  // y[i] = x[i] brought into lower ... upper; a NaN stays one; y may be x.
  void (*clamp)(const float *x, float lower, float upper, float *y, size_t n);
  // y[i] = x[i] * scale.
  void (*scale_bytes)(const uint8_t *x, float scale, float *y, size_t n);

  // y[i][j] = x[i][j] op row[j], or column[i]. y may be x.
  void (*add_row)(size_t rows, size_t columns, const float *x, size_t ldx, const float *row, float *y, size_t ldy);
  void (*multiply_row)(size_t rows, size_t columns, const float *x, size_t ldx, const float *row, float *y, size_t ldy);
  void (*add_column)(size_t rows, size_t columns, const float *x, size_t ldx, const float *column, float *y, size_t ldy);
  void (*multiply_column)(size_t rows, size_t columns, const float *x, size_t ldx, const float *column, float *y, size_t ldy);
  // y[i] = source[indices[i]], whole rows.
  void (*gather_rows)(size_t rows, size_t columns, const float *source, size_t lds, const int32_t *indices, float *y,
                      size_t ldy);

  // reduce: sums, extrema, statistics ----------------------------------------------------------------------------------

  // y[c] = the fold of elements 4096 c ..< min(4096 (c + 1), n) in sixteen lanes joined by a tree.
  void (*fold_chunks)(lw_fold f, const float *x, size_t n, float shift, float *y);
  // y[i] = the fold of row i: its chunks, then the chunks' results, recursively. shift (one value a row) is read by
  // LW_FOLD_DIFFERENCE and LW_FOLD_DEVIATION only and may be y.
  void (*fold_rows)(lw_fold f, size_t rows, size_t columns, const float *x, size_t ldx, const float *_Nullable shift, float *y);
  // y[j] = the fold of column j: blocks of 256 rows, joined in order. shift (one value a column) may be y.
  void (*fold_columns)(lw_fold f, size_t rows, size_t columns, const float *x, size_t ldx, const float *_Nullable shift,
                       float *y);
  // y[i] joined with x[i], two results of fold f.
  void (*fold_join)(lw_fold f, const float *x, float *y, size_t n);
  // y[i] = finish(y[i]).
  void (*fold_finish)(lw_finish f, float n, float *y, size_t count);
  // z[c] = the dot product of chunk c of x and y.
  void (*dot_chunks)(const float *x, const float *y, size_t n, float *z);
  // Index of the largest element of each row or column: the first NaN, else the lowest of equals. n >= 1 of them.
  void (*argmax_rows)(size_t rows, size_t columns, const float *x, size_t ldx, int32_t *y);
  void (*argmax_columns)(size_t rows, size_t columns, const float *x, size_t ldx, int32_t *y);
  // The index of the first element equal to value (of the first NaN when value is one), or n.
  size_t (*find)(const float *x, size_t n, float value);
  // 1 when no element is infinite or NaN.
  int (*is_finite)(const float *x, size_t n);

  // depthwise: convolution of each channel by itself -------------------------------------------------------------------

  // One part of y: rows of outputs, or of inputs when adjoint. The epilogue's columns are channels, its rows pixels.
  void (*depthwise)(const lw_depthwise *d, const lw_depthwise_part *part, const float *x, const float *w, float *y,
                    const lw_gemm_epilogue *_Nullable epilogue);
  // dw += the products of inputs x and output gradients dy over a part's rows of outputs.
  void (*depthwise_weights)(const lw_depthwise *d, const lw_depthwise_part *part, const float *x, const float *dy, float *dw);

  // pool: `count` rows from `row` on, counted through all images of a batch ---------------------------------------------

  // Rows of windows. The pixel of the first largest element (a NaN is larger than numbers, the last NaN largest), counted
  // inside its image, goes to indices.
  void (*pool_max)(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *x, float *y, int32_t *_Nullable indices);
  void (*pool_average)(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *x, float *y);
  // Rows of pixels: dx = 0 + the shares of the windows that cover it, in scan order.
  void (*pool_max_gradient)(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *dy, const int32_t *indices, float *dx);
  void (*pool_average_gradient)(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *dy, float *dx);
  // dx[i] = dy / positions for each of `rows` pixels.
  void (*pool_spread)(ptrdiff_t positions, ptrdiff_t rows, ptrdiff_t channels, const float *dy, float *dx);

  // update: one pass of an optimizer over its parameters ---------------------------------------------------------------

  // w: n parameters, g: their gradient, a, b, c: the rule's state, null where it has none. None overlaps another.
  void (*optimizer_update)(lw_update_rule rule, const lw_update *o, float *w, const float *g, float *_Nullable a,
                           float *_Nullable b, float *_Nullable c, size_t n);
  // average = decay * average + share * w.
  void (*average_update)(float decay, float share, const float *w, float *average, size_t n);

  // penalty: on the size of weights --------------------------------------------------------------------------------------

  // y[i] = |x[i]|^p, p > 0. y may be x.
  void (*absolute_power)(float p, const float *x, float *y, size_t n);
  // dx[i] = dy[i] + the slope of the penalty at x[i]. dx may be dy or x.
  void (*penalty_gradient)(const lw_penalty *penalty, const float *x, const float *dy, float *dx, size_t n);
  // y[i] = (rate clip(norm, minimum, maximum) + (1 - rate) norm) / (1e-7 + norm). y may be norms.
  void (*norm_factors)(float minimum, float maximum, float rate, const float *norms, float *y, size_t n);

  // random: the counter-based generator Philox 4x32-10 ------------------------------------------------------------------

  // Values of positions from ..< from + n < 2^58.
  void (*random_bits)(lw_random r, uint64_t from, uint32_t *y, size_t n);
  void (*random_uniform)(lw_random r, uint64_t from, float low, float high, float *y, size_t n);
  void (*random_normal)(lw_random r, uint64_t from, float mean, float deviation, float *y, size_t n);
  void (*random_truncated_normal)(lw_random r, uint64_t from, float mean, float deviation, float *y, size_t n);
  // y[i] = x[i] * scale where the uniform number of its position is >= rate, else 0; y may be x.
  void (*random_dropout)(lw_random r, uint64_t from, float rate, float scale, const float *x, float *y, size_t n);
  // The same with fma(x[i], scale, shift) for what is kept, and `dropped` for the rest.
  void (*random_affine_dropout)(lw_random r, uint64_t from, float rate, float scale, float shift, float dropped,
                                const float *x, float *y, size_t n);
  // y = a permutation of 0 ..< n <= 2^31.
  void (*random_permutation)(lw_random r, int32_t *y, size_t n);

  // probe: what this tier can do at best, for benchmarks ---------------------------------------------------------------

  // Runs independent chains of fused multiply-adds in registers and returns how many floating-point operations it did
  // (two a multiply-add). sink[0] is the factor of each step, 0 < sink[0] < 1; a value that depends on all of them goes
  // to sink[1].
  size_t (*probe_fma)(size_t rounds, float *sink);

  // Reads x[0..<count] once, as fast as it can, and returns a value that depends on all of it.
  float (*probe_read)(size_t count, const float *x);

  // y = x with ordinary stores, which stay in the caches; memcpy may write long arrays past them.
  void (*probe_copy)(size_t count, const float *x, float *y);
};

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
