#include "Softmax.h"
#include "LogSumExp.h"

HB_KERNEL void hb_softmax(const float *x, float scale, float *y, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns, y += columns) {
        float m = row_largest(x, scale, columns);
        v16 s = HB_SPLAT(0.0f);
        long c = 0;
        for (; c + 16 <= columns; c += 16) {
            v16 e = lane_exp(HB_LOAD(x + c) * scale - m);
            HB_STORE(y + c, e);
            s += e;
        }
        if (c < columns) {
            store_tail(y + c, lane_exp(load_tail(x + c, columns - c, 0.0f) * scale - m), columns - c);
            s += load_tail(y + c, columns - c, 0.0f);
        }
        float inverse = 1.0f / lane_sum(s);
        for (c = 0; c < columns; c += 16) store_some(y + c, load_some(y + c, columns - c, 0.0f) * inverse, columns - c);
    }
}

HB_KERNEL void hb_softmax_gradient(const float *y, const float *g, float scale, float *dx, long rows, long columns) {
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
