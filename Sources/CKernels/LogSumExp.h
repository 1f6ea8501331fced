#pragma once
#include "Lanes.h"

// The largest element of scale * x.
HB_INLINE float row_largest(const float *x, float scale, long columns) {
    v16 m = HB_SPLAT(-INFINITY);
    for (long c = 0; c < columns; c += 16) m = lane_max(load_some(x + c, columns - c, x[0]) * scale, m);
    return lane_largest(m);
}

// The sum of e^(scale x - largest).
HB_INLINE float row_exp_sum(const float *x, float scale, float largest, long columns) {
    v16 s = HB_SPLAT(0.0f);
    for (long c = 0; c + 16 <= columns; c += 16) s += lane_exp(HB_LOAD(x + c) * scale - largest);
    long c = columns & ~15l;
    if (c < columns) {
        float t[16];
        HB_STORE(t, lane_exp(load_tail(x + c, columns - c, x[0]) * scale - largest));
        s += load_tail(t, columns - c, 0.0f);
    }
    return lane_sum(s);
}
