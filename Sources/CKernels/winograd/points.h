// Winograd's minimal filtering F(m, 3): m outputs of a filter of three values from m + 2 inputs, with m + 2
// multiplications (A. Lavin, S. Gray: Fast algorithms for convolutional neural networks, CVPR 2016). In two dimensions:
//
//   Y = A^T [(G g G^T) . (B^T d B)] A
//
// F(2, 3) has the points 0, 1, -1 and infinity. F(4, 3) has 0, +-p, +-q and infinity with p = 3/4 and q = 3/2: their powers
// stay nearer to one than those of the usual 1 and 2, which halves the error, and the coefficients of A and B are exact.
//
// Each function is one row i of one matrix times a vector. i and m are literals wherever it is called: only the arithmetic
// of that row remains, and the compiler computes once what two rows share. The order of the operations is part of the
// numerical contract; Tests/Reference/NaiveWinograd.swift states it too.

enum { LW_WINOGRAD_POINTS = 6 };  // room for the points of F(4, 3)

static const float lw_p1 = 0.75f, lw_p2 = 0.5625f, lw_p3 = 0.421875f;   // p, p^2, p^3
static const float lw_q1 = 1.5f, lw_q2 = 2.25f, lw_q3 = 3.375f;         // q, q^2, q^3
static const float lw_p2_plus_q2 = 2.8125f, lw_p2_times_q2 = 1.265625f;

// B^T d, from m + 2 inputs.
LW_INLINE vf lw_winograd_bt(int m, int i, const vf *d) {
  if (m == 2) {
    switch (i) {
      case 0: return vf_sub(d[0], d[2]);
      case 1: return vf_add(d[1], d[2]);
      case 2: return vf_sub(d[2], d[1]);
      default: return vf_sub(d[1], d[3]);
    }
  }
  if (i == 0 || i == 5) {
    const int first = i == 5;
    const vf upper = vf_fnma(vf_set1(lw_p2_plus_q2), d[first + 2], d[first + 4]);
    return vf_fma(vf_set1(lw_p2_times_q2), d[first], upper);
  }
  // The polynomials of x and -x share their even and their odd part.
  const int is_p = i <= 2;
  const vf square = vf_set1(is_p ? lw_q2 : lw_p2), x = vf_set1(is_p ? lw_p1 : lw_q1);
  const vf even = vf_fnma(square, d[2], d[4]), odd = vf_fnma(square, d[1], d[3]);
  return i % 2 ? vf_fma(x, odd, even) : vf_fnma(x, odd, even);
}

// G g, from the three values of a filter.
LW_INLINE vf lw_winograd_g(int m, int i, const vf *g) {
  if (i == m + 1) return g[2];
  if (m == 2) {
    if (i == 0) return g[0];
    const vf even = vf_add(g[0], g[2]);
    return vf_mul(vf_set1(0.5f), i == 1 ? vf_add(even, g[1]) : vf_sub(even, g[1]));
  }
  if (i == 0) return vf_mul(vf_set1(64.0f / 81), g[0]);  // 1 / (p^2 q^2)
  const int is_p = i <= 2;
  const vf x = vf_set1(is_p ? lw_p1 : lw_q1), even = vf_fma(vf_set1(is_p ? lw_p2 : lw_q2), g[2], g[0]);
  // 1 / (2 p^2 (p^2 - q^2)) and 1 / (2 q^2 (q^2 - p^2))
  return vf_mul(vf_set1(is_p ? -128.0f / 243 : 32.0f / 243), i % 2 ? vf_fma(x, g[1], even) : vf_fnma(x, g[1], even));
}

// A^T s: output i, from m + 2 products.
LW_INLINE vf lw_winograd_at(int m, int i, const vf *s) {
  if (m == 2) return i == 0 ? vf_add(vf_add(s[0], s[1]), s[2]) : vf_sub(vf_sub(s[1], s[2]), s[3]);
  const vf p = i % 2 ? vf_sub(s[1], s[2]) : vf_add(s[1], s[2]);
  const vf q = i % 2 ? vf_sub(s[3], s[4]) : vf_add(s[3], s[4]);
  switch (i) {
    case 0: return vf_add(vf_add(s[0], p), q);
    case 1: return vf_fma(vf_set1(lw_p1), p, vf_mul(vf_set1(lw_q1), q));
    case 2: return vf_fma(vf_set1(lw_p2), p, vf_mul(vf_set1(lw_q2), q));
    default: return vf_fma(vf_set1(lw_p3), p, vf_fma(vf_set1(lw_q3), q, s[5]));
  }
}
