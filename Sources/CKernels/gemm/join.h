// From sums of products to C: the end of every GEMM path.
//
//   t = beta*C + alpha*p[0] + alpha*p[1] + ...   (fused, in this order; C is not read when beta is 0)
//   C = f(t + bias + residual)

LW_INLINE vf lw_gemm_outcome(vf t, ptrdiff_t i, ptrdiff_t j, int lanes, const lw_gemm_epilogue *e) {
  if (e->bias) t = vf_add(t, vf_load_n(e->bias + j, lanes));
  if (e->residual) t = vf_add(t, vf_load_n(e->residual + i * e->ldr + j, lanes));
  return vf_activate(e->activation, e->activation_alpha, t);
}

// The epilogue as it looks from element i, j of C, in *here; NULL when there is none.
LW_INLINE const lw_gemm_epilogue *lw_gemm_epilogue_at(const lw_gemm_epilogue *e, ptrdiff_t i, ptrdiff_t j,
                                                      lw_gemm_epilogue *here) {
  if (!e) return NULL;
  *here = *e;
  if (e->bias) here->bias += j;
  if (e->residual) here->residual += i * e->ldr + j;
  return here;
}

static void lw_gemm_join(const lw_gemm_sums *s, float *c, ptrdiff_t ldc, float alpha, float beta,
                         const lw_gemm_epilogue *epilogue) {
  const vf va = vf_set1(alpha), vb = vf_set1(beta);
  for (ptrdiff_t i = 0; i < s->m; ++i) {
    for (ptrdiff_t j = 0; j < s->n; j += VF) {
      const int lanes = s->n - j < VF ? (int)(s->n - j) : VF;
      const float *p = s->p + i * s->ld + j;
      float *to = c + i * ldc + j;
      vf t = beta == 0 ? vf_zero() : vf_mul(vb, vf_load_n(to, lanes));
      for (ptrdiff_t b = 0; b < s->count; ++b) {
        const vf pb = vf_load_n(p + b * s->stride, lanes);
        t = b == 0 && beta == 0 ? vf_mul(va, pb) : vf_fma(va, pb, t);
      }
      vf_store_n(to, epilogue ? lw_gemm_outcome(t, i, j, lanes, epilogue) : t, lanes);
    }
  }
}
