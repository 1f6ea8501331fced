#pragma once
// What the transforms of tiles and of weights share.
#include "Vector.h"
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f")))
#define WIDE_INLINE static inline __attribute__((always_inline, target("avx512f")))
#define UNROLLED _Pragma("clang loop unroll(full)")

// The points of interpolation are 0, +-A, +-B and infinity. 5/8 and 3/2 give errors four times smaller than the usual
// 1 and 2 (Vincent et al., "On improving the numerical stability of Winograd convolutions", 2017).
#define A 0.625f
#define B 1.5f
#define SQUARE_A (A * A)
#define SQUARE_B (B * B)

#define SPLAT(s) _mm512_set1_ps(s)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define FNMA(a, b, c) _mm512_fnmadd_ps(a, b, c)

typedef __m512 vector;

// Applies a transform of `from` to `to` numbers to both axes.
#define BOTH_AXES(transform, from, to, source, result)                                     \
    {                                                                                      \
        vector half_[to][from];                                                            \
        UNROLLED for (int j = 0; j < from; j++) {                                          \
            vector column_[from], spread_[to];                                             \
            UNROLLED for (int i = 0; i < from; i++) column_[i] = source(i, j);             \
            transform(column_, spread_);                                                   \
            UNROLLED for (int i = 0; i < to; i++) half_[i][j] = spread_[i];                \
        }                                                                                  \
        UNROLLED for (int i = 0; i < to; i++) {                                            \
            vector spread_[to];                                                            \
            transform(half_[i], spread_);                                                  \
            UNROLLED for (int j = 0; j < to; j++) result(i, j, spread_[j]);                \
        }                                                                                  \
    }

WIDE_INLINE __mmask16 lanes(long count) { return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1); }

#define STORE_ALL(i, j, value) _mm512_storeu_ps(v + (6 * (i) + (j)) * distance, value)

// What spreading a weight divides by.
#define SCALE_0 (1.0f / (SQUARE_A * SQUARE_B))
#define SCALE_A (1.0f / (2.0f * SQUARE_A * (SQUARE_A - SQUARE_B)))
#define SCALE_B (1.0f / (2.0f * SQUARE_B * (SQUARE_B - SQUARE_A)))

// Six places to three taps: the adjoint of spreading a weight.
WIDE_INLINE void gather_weight(const vector *m, vector *w) {
    const vector p = _mm512_mul_ps(SPLAT(SCALE_A), _mm512_add_ps(m[1], m[2]));
    const vector q = _mm512_mul_ps(SPLAT(SCALE_A * A), _mm512_sub_ps(m[1], m[2]));
    const vector r = _mm512_mul_ps(SPLAT(SCALE_B), _mm512_add_ps(m[3], m[4]));
    const vector s = _mm512_mul_ps(SPLAT(SCALE_B * B), _mm512_sub_ps(m[3], m[4]));
    w[0] = FMA(SPLAT(SCALE_0), m[0], _mm512_add_ps(p, r));
    w[1] = _mm512_add_ps(q, s);
    w[2] = FMA(SPLAT(SQUARE_A), p, FMA(SPLAT(SQUARE_B), r, m[5]));
}
