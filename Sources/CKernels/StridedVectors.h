#pragma once
// One axis of the transforms of strided tiles. The points are 0, +-P, Q and infinity.
#include "WinogradVectors.h"

#define P 0.75f
#define Q 2.0f
#define SQUARE_P (P * P)
#define SQUARE_Q (Q * Q)

// Four or five samples to as many places: products of the polynomials that vanish at all points but one.
WIDE_INLINE void spread_samples(const int count, const vector *d, vector *r) {
    vector e[4];
    UNROLLED for (int i = 0; i < count - 1; i++) e[i] = FNMA(SPLAT(Q), d[i], d[i + 1]);
    r[0] = FNMA(SPLAT(SQUARE_P), e[0], e[2]);
    r[1] = FMA(SPLAT(P), e[1], e[2]);
    r[2] = FNMA(SPLAT(P), e[1], e[2]);
    r[3] = FNMA(SPLAT(SQUARE_P), d[1], d[3]);
    if (count == 5) r[4] = FNMA(SPLAT(SQUARE_P), e[1], e[3]);
}

// Four or five places to four results.
WIDE_INLINE void gather_results(const int count, const vector *m, vector *y) {
    const vector sum = _mm512_add_ps(m[1], m[2]), difference = _mm512_sub_ps(m[1], m[2]);
    y[0] = _mm512_add_ps(_mm512_add_ps(m[0], m[3]), sum);
    y[1] = FMA(SPLAT(P), difference, _mm512_mul_ps(SPLAT(Q), m[3]));
    y[2] = FMA(SPLAT(SQUARE_P), sum, _mm512_mul_ps(SPLAT(SQUARE_Q), m[3]));
    y[3] = count == 5 ? FMA(SPLAT(Q * SQUARE_Q), m[3], m[4]) : _mm512_mul_ps(SPLAT(Q * SQUARE_Q), m[3]);
    y[3] = FMA(SPLAT(P * SQUARE_P), difference, y[3]);
}

// The adjoint: four results' gradients to five places.
WIDE_INLINE void spread_results(const vector *g, vector *r) {
    const vector even = FMA(SPLAT(SQUARE_P), g[2], g[0]), odd = FMA(SPLAT(SQUARE_P), g[3], g[1]);
    r[0] = g[0];
    r[1] = FMA(SPLAT(P), odd, even);
    r[2] = FNMA(SPLAT(P), odd, even);
    r[3] = FMA(SPLAT(SQUARE_Q), FMA(SPLAT(Q), g[3], g[2]), FMA(SPLAT(Q), g[1], g[0]));
    r[4] = g[3];
}

#define SCALE_ZERO (1.0f / (SQUARE_P * Q))
#define SCALE_PLUS (1.0f / (2.0f * SQUARE_P * (P - Q)))
#define SCALE_MINUS (-1.0f / (2.0f * SQUARE_P * (P + Q)))
#define SCALE_Q (1.0f / (Q * (SQUARE_Q - SQUARE_P)))

// One tap to four places, or two to five.
WIDE_INLINE void spread_taps(const int count, const vector *w, vector *r) {
    if (count == 1) {
        r[0] = _mm512_mul_ps(SPLAT(SCALE_ZERO), w[0]);
        r[1] = _mm512_mul_ps(SPLAT(SCALE_PLUS), w[0]);
        r[2] = _mm512_mul_ps(SPLAT(SCALE_MINUS), w[0]);
        r[3] = _mm512_mul_ps(SPLAT(SCALE_Q), w[0]);
        return;
    }
    r[0] = _mm512_mul_ps(SPLAT(SCALE_ZERO), w[0]);
    r[1] = _mm512_mul_ps(SPLAT(SCALE_PLUS), FMA(SPLAT(P), w[1], w[0]));
    r[2] = _mm512_mul_ps(SPLAT(SCALE_MINUS), FNMA(SPLAT(P), w[1], w[0]));
    r[3] = _mm512_mul_ps(SPLAT(SCALE_Q), FMA(SPLAT(Q), w[1], w[0]));
    r[4] = w[1];
}

// The adjoint: four places to one tap, or five to two.
WIDE_INLINE void gather_taps(const int count, const vector *m, vector *w) {
    const vector plus = _mm512_mul_ps(SPLAT(SCALE_PLUS), m[1]), minus = _mm512_mul_ps(SPLAT(SCALE_MINUS), m[2]);
    const vector last = _mm512_mul_ps(SPLAT(SCALE_Q), m[3]);
    w[0] = _mm512_add_ps(FMA(SPLAT(SCALE_ZERO), m[0], last), _mm512_add_ps(plus, minus));
    if (count == 2) w[1] = FMA(SPLAT(P), _mm512_sub_ps(plus, minus), FMA(SPLAT(Q), last, m[4]));
}
