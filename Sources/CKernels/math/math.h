// Elementary functions of sixteen floats. No libm: polynomials of our own, evaluated with explicit fused multiply-adds,
// so every tier takes the same steps and gives the same bits. NaN stays NaN, infinities give the limit, and denormal
// arguments and results are exact to the bound like all others. Bounds are in docs/NUMERICS.md; the tests sweep them.
#include "polynomial.h"
#include "exp.h"
#include "log.h"
#include "normal.h"
#include "sincos.h"
