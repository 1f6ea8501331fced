#include "Losses.h"
#include "LogSumExp.h"

// The terms are taken relative to the row's largest logit, so that large logits lose no digits of the loss.
HB_KERNEL void hb_cross_entropy(const float *restrict x, const int32_t *restrict labels, float smoothing,
                                float *restrict losses, float *restrict log_sums, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns) {
        float m = row_largest(x, 1.0f, columns);
        float log_sum = logf(row_exp_sum(x, 1.0f, m, columns));
        float loss = log_sum - (1.0f - smoothing) * (x[labels[r]] - m);
        if (smoothing != 0.0f) {
            v16 s = HB_SPLAT(0.0f);
            for (long c = 0; c < columns; c += 16) s += load_some(x + c, columns - c, m) - m;
            loss -= smoothing / (float)columns * lane_sum(s);
        }
        losses[r] = loss;
        log_sums[r] = m + log_sum;
    }
}

HB_KERNEL void hb_cross_entropy_gradient(const float *restrict x, const int32_t *restrict labels, float smoothing,
                                         const float *restrict log_sums, float scale, float *restrict dx, long rows,
                                         long columns) {
    const float off = smoothing / (float)columns;
    for (long r = 0; r < rows; r++, x += columns, dx += columns) {
        for (long c = 0; c < columns; c += 16)
            store_some(dx + c, (lane_exp(load_some(x + c, columns - c, 0.0f) - log_sums[r]) - off) * scale, columns - c);
        dx[labels[r]] -= (1.0f - smoothing) * scale;
    }
}

HB_KERNEL void hb_soft_cross_entropy(const float *restrict x, const float *restrict t, float *restrict losses,
                                     float *restrict log_sums, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns, t += columns) {
        float m = row_largest(x, 1.0f, columns);
        float log_sum = logf(row_exp_sum(x, 1.0f, m, columns));
        v16 s = HB_SPLAT(0.0f);
        for (long c = 0; c < columns; c += 16)
            s += load_some(t + c, columns - c, 0.0f) * (log_sum - (load_some(x + c, columns - c, m) - m));
        losses[r] = lane_sum(s);
        log_sums[r] = m + log_sum;
    }
}

HB_KERNEL void hb_soft_cross_entropy_gradient(const float *restrict x, const float *restrict t,
                                              const float *restrict log_sums, float scale, float *restrict dx, long rows,
                                              long columns) {
    for (long r = 0; r < rows; r++, x += columns, t += columns, dx += columns) {
        v16 s = HB_SPLAT(0.0f);
        for (long c = 0; c < columns; c += 16) s += load_some(t + c, columns - c, 0.0f);
        float sum = lane_sum(s);
        for (long c = 0; c < columns; c += 16) {
            v16 p = lane_exp(load_some(x + c, columns - c, 0.0f) - log_sums[r]);
            store_some(dx + c, (p * sum - load_some(t + c, columns - c, 0.0f)) * scale, columns - c);
        }
    }
}

HB_KERNEL void hb_divergence(const float *restrict x, const float *restrict t, float f, float *restrict losses,
                             float *restrict log_sums_x, float *restrict log_sums_t, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns, t += columns) {
        float mx = row_largest(x, f, columns), mt = row_largest(t, f, columns);
        float lx = logf(row_exp_sum(x, f, mx, columns)), lt = logf(row_exp_sum(t, f, mt, columns));
        v16 s = HB_SPLAT(0.0f);
        for (long c = 0; c < columns; c += 16) {
            // The missing lanes of the last block have equal logs, so their terms are nothing.
            v16 a = load_some(x + c, columns - c, 0.0f) * f - mx - lx, b = load_some(t + c, columns - c, 0.0f) * f - mt - lt;
            if (columns - c < 16) {
                float held[16];
                HB_STORE(held, a - b);
                s -= lane_exp(b) * load_tail(held, columns - c, 0.0f);
            } else {
                s += lane_exp(b) * (b - a);
            }
        }
        losses[r] = lane_sum(s);
        log_sums_x[r] = mx + lx;
        log_sums_t[r] = mt + lt;
    }
}

HB_KERNEL void hb_divergence_gradient(const float *restrict x, const float *restrict t, float f,
                                      const float *restrict log_sums_x, const float *restrict log_sums_t, float scale,
                                      float *restrict dx, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns, t += columns, dx += columns)
        for (long c = 0; c < columns; c += 16) {
            v16 q = lane_exp(load_some(x + c, columns - c, 0.0f) * f - log_sums_x[r]);
            v16 p = lane_exp(load_some(t + c, columns - c, 0.0f) * f - log_sums_t[r]);
            store_some(dx + c, (q - p) * scale, columns - c);
        }
}

HB_KERNEL float hb_squared_error(const float *restrict x, const float *restrict t, long count) {
    HB_REASSOCIATE
    float sum = 0.0f;
    for (long i = 0; i < count; i++) sum += (x[i] - t[i]) * (x[i] - t[i]);
    return sum;
}

HB_KERNEL void hb_scaled_difference(const float *restrict x, const float *restrict t, float scale, float *restrict dx,
                                    long count) {
    for (long i = 0; i < count; i++) dx[i] = scale * (x[i] - t[i]);
}
