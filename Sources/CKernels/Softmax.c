#include "Softmax.h"
#include "LogSumExp.h"

// The last sixteen columns of a row of at least sixteen: a block that overlaps the one before. `fresh` masks the lanes
// that no block of 16 before it holds; what a row's end costs is then no more than one block.
#define HB_LAST(columns) ((columns) - 16)

HB_INLINE void fresh_lanes(i16 *mask, long columns) {
    const v16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    *mask = (i16)(lanes >= (float)(16 - (columns & 15)));
}

HB_INLINE void softmax_narrow(const float *x, float scale, float *y, long columns) {
    v16 v = load_tail(x, columns, x[0]) * scale;
    v16 e = lane_exp(v - lane_largest(v));
    float t[16];
    HB_STORE(t, e);
    store_tail(y, e * (1.0f / lane_sum(load_tail(t, columns, 0.0f))), columns);
}

HB_INLINE void softmax_wide(const float *x, float scale, float *y, long columns) {
    const long last = HB_LAST(columns);
    i16 fresh;
    fresh_lanes(&fresh, columns);
    v16 m = HB_LOAD(x + last) * scale;
    for (long c = 0; c < last; c += 16) m = lane_max(HB_LOAD(x + c) * scale, m);
    float largest = lane_largest(m);
    // The last block is read before and written after all others: y may be x.
    v16 end = lane_exp(HB_LOAD(x + last) * scale - largest), s = HB_SPLAT(0.0f);
    for (long c = 0; c + 16 <= columns; c += 16) {
        v16 e = lane_exp(HB_LOAD(x + c) * scale - largest);
        HB_STORE(y + c, e);
        s += e;
    }
    float inverse = 1.0f / lane_sum(s + lane_select(fresh, end, HB_SPLAT(0.0f)));
    for (long c = 0; c + 16 <= columns; c += 16) HB_STORE(y + c, HB_LOAD(y + c) * inverse);
    HB_STORE(y + last, end * inverse);
}

HB_KERNEL void hb_softmax(const float *x, float scale, float *y, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns, y += columns) {
        if (columns < 16) softmax_narrow(x, scale, y, columns);
        else softmax_wide(x, scale, y, columns);
    }
}

HB_KERNEL void hb_softmax_gradient(const float *y, const float *g, float scale, float *dx, long rows, long columns) {
    if (columns >= 16) {
        const long last = HB_LAST(columns);
        i16 fresh;
        fresh_lanes(&fresh, columns);
        for (long r = 0; r < rows; r++, y += columns, g += columns, dx += columns) {
            v16 p = HB_LOAD(y + last), h = HB_LOAD(g + last), s = lane_select(fresh, p * h, HB_SPLAT(0.0f));
            for (long c = 0; c + 16 <= columns; c += 16) s += HB_LOAD(y + c) * HB_LOAD(g + c);
            float sum = lane_sum(s);
            for (long c = 0; c + 16 <= columns; c += 16)
                HB_STORE(dx + c, HB_LOAD(y + c) * scale * (HB_LOAD(g + c) - sum));
            HB_STORE(dx + last, p * scale * (h - sum));
        }
        return;
    }
    for (long r = 0; r < rows; r++, y += columns, g += columns, dx += columns) {
        v16 s = HB_SPLAT(0.0f);
        for (long c = 0; c < columns; c += 16)
            s += load_some(y + c, columns - c, 0.0f) * load_some(g + c, columns - c, 0.0f);
        float sum = lane_sum(s);
        for (long c = 0; c < columns; c += 16) {
            v16 d = load_some(g + c, columns - c, 0.0f) - sum;
            store_some(dx + c, load_some(y + c, columns - c, 0.0f) * scale * d, columns - c);
        }
    }
}

HB_KERNEL void hb_log_softmax(const float *restrict x, float *restrict y, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns, y += columns) {
        float m = row_largest(x, 1.0f, columns);
        float log_sum = logf(row_exp_sum(x, 1.0f, m, columns));
        for (long c = 0; c < columns; c += 16)
            store_some(y + c, load_some(x + c, columns - c, 0.0f) - m - log_sum, columns - c);
    }
}

HB_KERNEL void hb_log_softmax_gradient(const float *restrict y, const float *restrict g, float *restrict dx, long rows,
                                       long columns) {
    for (long r = 0; r < rows; r++, y += columns, g += columns, dx += columns) {
        v16 s = HB_SPLAT(0.0f);
        for (long c = 0; c < columns; c += 16) s += load_some(g + c, columns - c, 0.0f);
        float sum = lane_sum(s);
        for (long c = 0; c < columns; c += 16) {
            v16 p = lane_exp(load_some(y + c, columns - c, 0.0f));
            store_some(dx + c, load_some(g + c, columns - c, 0.0f) - p * sum, columns - c);
        }
    }
}
