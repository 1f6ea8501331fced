#include "PixelCrossEntropy.h"
#include "PixelRows.h"

// (1 - p)^gamma for log p = l <= 0.
HB_INLINE float focus(float l, float gamma) {
    float q = -expm1f(l);
    return gamma == 2.0f ? q * q : gamma == 1.0f ? q : powf(q, gamma);
}

// The derivative of (1 - p)^gamma l by l, l = log p: what a sure pixel has left.
HB_INLINE float focus_slope(float l, float gamma) {
    float q = -expm1f(l);
    if (q <= 0.0f) return 0.0f;
    float below = gamma == 2.0f ? q : gamma == 1.0f ? 1.0f : powf(q, gamma - 1.0f);
    return below * q - gamma * below * expf(l) * l;
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
            float l[16];
            HB_STORE(l, missing);
            for (int r = 0; r < 16; r++) l[r] = focus(-l[r], rule->gamma);
            loss *= HB_LOAD(l);
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
    v16 t[HB_MOST_CLASSES];
    float weights[HB_MOST_CLASSES];
    const float all = all_weights(rule, columns, weights);
    const float share = scale * rule->smoothing / (float)columns, main = scale * (1.0f - rule->smoothing);
    for (long first = 0; first < rows; first += 16, x += 16 * columns, dx += 16 * columns) {
        const long n = rows - first < 16 ? rows - first : 16;
        turn_rows(x, n, columns, t);
        i16 counted;
        int32_t label[16];
        read_labels(labels + first, rule->ignored, n, &counted, label);
        const v16 sums = load_some(log_sums + first, n, 0.0f);
        float factor[16];
        for (int r = 0; r < 16; r++) factor[r] = main * weights[label[r]];
        if (rule->gamma != 0.0f) {
            float l[16];
            HB_STORE(l, sums);
            for (int r = 0; r < 16; r++)
                factor[r] *= focus_slope(((const float *)t)[16 * label[r] + r] - l[r], rule->gamma);
        }
        const v16 f = HB_LOAD(factor) + share * all;
        for (long c = 0; c < columns; c++) {
            const v16 d = lane_exp(t[c] - sums) * f - share * weights[c];
            t[c] = lane_select(counted, d, HB_SPLAT(0.0f));
        }
        int32_t held[16];
        memcpy(held, &counted, 64);
        for (int r = 0; r < 16; r++)
            if (held[r]) ((float *)t)[16 * label[r] + r] -= factor[r];
        turn_back(t, dx, n, columns);
    }
}
