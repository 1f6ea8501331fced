#include "PixelCrossEntropy.h"
#include "PixelRows.h"

// 1 - e^l for l <= 0: a few terms of the series where the difference would lose digits.
HB_INLINE void rest_of_lanes(v16 *out, const v16 *in) {
    const v16 l = *in;
    const v16 series = l * (1.0f + l * (0.5f + l * (1.0f / 6.0f + l * (1.0f / 24.0f + l * (1.0f / 120.0f)))));
    *out = lane_select((i16)(l > -0.125f), -series, 1.0f - lane_exp(l));
}

// q^power for q >= 0.
HB_INLINE void power_of_lanes(v16 *out, const v16 *in, float power) {
    const v16 q = *in;
    if (power == 2.0f) *out = q * q;
    else if (power == 1.0f) *out = q;
    else if (power == 0.0f) *out = HB_SPLAT(1.0f);
    else *out = lane_exp(lane_log(q) * power);
}

// (1 - p)^gamma for log p = l.
HB_INLINE void focus_of_lanes(v16 *out, const v16 *l, float gamma) {
    v16 q;
    rest_of_lanes(&q, l);
    power_of_lanes(out, &q, gamma);
}

// The derivative of (1 - p)^gamma l by l; a sure pixel has none.
HB_INLINE void focus_slope_of_lanes(v16 *out, const v16 *l, float gamma) {
    v16 q, below;
    rest_of_lanes(&q, l);
    power_of_lanes(&below, &q, gamma - 1.0f);
    const v16 slope = below * q - gamma * below * (1.0f - q) * *l;
    *out = lane_select((i16)(q <= 0.0f), HB_SPLAT(0.0f), slope);
}

// The sum of the weights of all classes, and the weights.
HB_INLINE float all_weights(const hb_pixel_rule *rule, long columns, float *weights) {
    float sum = 0.0f;
    for (long c = 0; c < columns; c++) {
        weights[c] = rule->weights ? rule->weights[c] : 1.0f;
        sum += weights[c];
    }
    return sum;
}

HB_KERNEL void hb_pixel_cross_entropy(const float *restrict x, const uint8_t *restrict labels,
                                      const hb_pixel_rule *restrict rule, float *restrict log_sums,
                                      double *restrict sums, long rows, long columns) {
    v16 t[HB_MOST_CLASSES];
    float weights[HB_MOST_CLASSES];
    const float all = all_weights(rule, columns, weights);
    d16 losses = {}, counts = {};
    for (long first = 0; first < rows; first += 16, x += 16 * columns) {
        const long n = rows - first < 16 ? rows - first : 16;
        v16 largest, log_sum;
        turn_rows(x, n, columns, t);
        log_sums_of(t, columns, &largest, &log_sum);
        store_some(log_sums + first, largest + log_sum, n);

        i16 counted;
        int32_t label[16];
        read_labels(labels + first, rule->ignored, n, &counted, label);
        float target[16], weight[16];
        for (int r = 0; r < 16; r++) {
            target[r] = ((const float *)t)[16 * label[r] + r];
            weight[r] = weights[label[r]];
        }
        // Relative to the largest logit, so that large logits lose no digits of the loss.
        const v16 w = HB_LOAD(weight);
        const v16 missing = log_sum - (HB_LOAD(target) - largest);
        v16 loss = missing * w;
        if (rule->gamma != 0.0f) {
            const v16 l = -missing;
            v16 focus;
            focus_of_lanes(&focus, &l, rule->gamma);
            loss *= focus;
        }
        if (rule->smoothing != 0.0f) {
            v16 s = HB_SPLAT(0.0f);
            for (long c = 0; c < columns; c++) s += (t[c] - largest) * weights[c];
            loss = loss * (1.0f - rule->smoothing) + (log_sum * all - s) * (rule->smoothing / (float)columns);
        }
        losses += __builtin_convertvector(lane_select(counted, loss, HB_SPLAT(0.0f)), d16);
        counts += __builtin_convertvector(lane_select(counted, w, HB_SPLAT(0.0f)), d16);
    }
    sums[0] = sums[1] = 0.0;
    for (int r = 0; r < 16; r++) {
        sums[0] += losses[r];
        sums[1] += counts[r];
    }
}

HB_KERNEL void hb_pixel_cross_entropy_gradient(const float *restrict x, const uint8_t *restrict labels,
                                               const hb_pixel_rule *restrict rule, const float *restrict log_sums,
                                               float scale, float *restrict dx, long rows, long columns) {
    v16 t[32];
    float weights[HB_MOST_CLASSES] = {0};
    const float all = all_weights(rule, columns, weights);
    const float share = scale * rule->smoothing / (float)columns, main = scale * (1.0f - rule->smoothing);
    for (long first = 0; first < rows; first += 16, x += 16 * columns, dx += 16 * columns) {
        const long n = rows - first < 16 ? rows - first : 16;
        i16 counted;
        int32_t label[16], held[16];
        read_labels(labels + first, rule->ignored, n, &counted, label);
        memcpy(held, &counted, 64);
        const v16 sums = load_some(log_sums + first, n, 0.0f);
        float target[16], factor[16];
        for (int r = 0; r < 16; r++) {
            target[r] = x[(r < n ? r : n - 1) * columns + label[r]];
            factor[r] = main * weights[label[r]];
        }
        if (rule->gamma != 0.0f) {
            const v16 l = HB_LOAD(target) - sums;
            v16 slope;
            focus_slope_of_lanes(&slope, &l, rule->gamma);
            HB_STORE(factor, HB_LOAD(factor) * slope);
        }
        if (columns < 32) {
            turn_rows(x, n, columns, t);
            const v16 f = HB_LOAD(factor) + share * all;
            for (long c = 0; c < columns; c++) {
                const v16 d = lane_exp(t[c] - sums) * f - share * weights[c];
                t[c] = lane_select(counted, d, HB_SPLAT(0.0f));
            }
            turn_back(t, dx, n, columns);
        } else {
            // Nothing is summed here, so long rows are best left as they lie.
            for (long r = 0; r < n; r++) {
                const float f = factor[r] + share * all, sum = log_sums[first + r];
                const float *from = x + r * columns;
                float *to = dx + r * columns;
                if (!held[r]) {
                    memset(to, 0, 4 * (size_t)columns);
                    continue;
                }
                for (long c = 0; c < columns; c += 16) {
                    const v16 p = lane_exp(load_some(from + c, columns - c, 0.0f) - sum);
                    store_some(to + c, p * f - share * HB_LOAD(weights + c), columns - c);
                }
            }
        }
        for (long r = 0; r < n; r++)
            if (held[r]) dx[r * columns + label[r]] -= factor[r];
    }
}
