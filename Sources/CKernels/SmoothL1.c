#include "SmoothL1.h"
#include "PixelRows.h"

// The weights of up to sixteen elements from i on, 0 in the lanes beyond n.
HB_INLINE void get_weights(v16 *out, const float *w, long run, long i, long n) {
    if (w && run == 1 && n >= 16) {
        *out = HB_LOAD(w + i);
        return;
    }
    float t[16];
    for (long k = 0; k < 16; k++) t[k] = k < n ? (w ? w[(i + k) / run] : 1.0f) : 0.0f;
    *out = HB_LOAD(t);
}

// Runs `step`, which makes `loss` and `slope` of v and target, over all elements.
#define HB_WEIGHTED_LOSS(step)                                                                 \
    d16 sums = {};                                                                             \
    for (long i = 0; i < count; i += 16) {                                                     \
        const long n = count - i < 16 ? count - i : 16;                                        \
        v16 weight, loss, slope;                                                               \
        if (w || n < 16) get_weights(&weight, w, run, first + i, n);                           \
        else weight = HB_SPLAT(1.0f);                                                          \
        const i16 is_none = (i16)(weight == 0.0f);                                             \
        const v16 v = load_some(x + i, n, 0.0f), target = load_some(t + i, n, 0.0f);           \
        step                                                                                   \
        loss = lane_select(is_none, HB_SPLAT(0.0f), loss * weight);                            \
        sums += __builtin_convertvector(loss, d16);                                            \
        if (dx) store_some(dx + i, lane_select(is_none, HB_SPLAT(0.0f), slope * weight), n);   \
    }                                                                                          \
    *sum = 0.0;                                                                                \
    for (int r = 0; r < 16; r++) *sum += sums[r];

HB_KERNEL void hb_smooth_l1(const float *restrict x, const float *restrict t, const float *restrict w, long run,
                            long first, float beta, float *restrict dx, double *restrict sum, long count) {
    const float inverse = beta > 0.0f ? 1.0f / beta : 0.0f;
    HB_WEIGHTED_LOSS(
        const v16 d = v - target; const v16 a = lane_max(d, -d); const i16 is_small = (i16)(a < beta);
        loss = lane_select(is_small, 0.5f * inverse * d * d, a - 0.5f * beta);
        const v16 side = lane_select((i16)(d > 0.0f), HB_SPLAT(1.0f),
                                     lane_select((i16)(d < 0.0f), HB_SPLAT(-1.0f), d));
        slope = lane_select(is_small, d * inverse, side);)
}

// Of each x: log(1 + e^x) as max(x, 0) and the rest, and sigmoid(x).
HB_INLINE void logistic_parts(const v16 *x, v16 *positive, v16 *rest, v16 *probability) {
    const v16 v = *x;
    const v16 largest = lane_max(HB_SPLAT(0.0f), v); const v16 e = lane_exp(v - 2.0f * largest);
    const v16 u = 1.0f + e; const v16 d = u - 1.0f; const i16 is_tiny = (i16)(d == 0.0f);
    *positive = largest;
    // log(1 + e) = log(u) e / (u - 1) for u = 1 + e as it is rounded, so that small losses keep their digits.
    *rest = lane_select(is_tiny, e, lane_log(u) * e / lane_select(is_tiny, HB_SPLAT(1.0f), d));
    *probability = lane_select((i16)(v > 0.0f), HB_SPLAT(1.0f), e) / u;
}

HB_KERNEL void hb_logistic_loss(const float *restrict x, const float *restrict t, const float *restrict w, long run,
                                long first, float *restrict dx, double *restrict sum, long count) {
    HB_WEIGHTED_LOSS(
        v16 positive; v16 rest; v16 probability;
        logistic_parts(&v, &positive, &rest, &probability);
        loss = (positive - target * v) + rest;
        slope = probability - target;)
}

HB_KERNEL void hb_logistic_divergence(const float *restrict x, const float *restrict t, const float *restrict w, long run,
                                      long first, float f, float *restrict dx, double *restrict sum, long count) {
    HB_WEIGHTED_LOSS(
        const v16 own = f * v; const v16 other = f * target;
        v16 a; v16 b; v16 p; v16 c; v16 d; v16 q;
        logistic_parts(&own, &a, &b, &p);
        logistic_parts(&other, &c, &d, &q);
        loss = ((a - c) - q * (own - other)) + (b - d);
        slope = f * (p - q);)
}
