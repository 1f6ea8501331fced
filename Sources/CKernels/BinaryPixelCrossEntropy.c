#include "BinaryPixelCrossEntropy.h"
#include "PixelRows.h"

// Of each pixel the factor of x in its loss log(1 + e^(sign x)), and the loss's weight, 0 where nothing counts.
HB_INLINE void read_signs(const uint8_t *labels, int ignored, float positive, long n, float *sign, float *weight) {
    for (long r = 0; r < 16; r++) {
        const int value = r < n ? labels[r] : ignored;
        sign[r] = value == 1 ? -1.0f : 1.0f;
        weight[r] = value == ignored ? 0.0f : value == 1 ? positive : 1.0f;
    }
}

HB_KERNEL void hb_binary_pixel_cross_entropy(const float *restrict x, const uint8_t *restrict labels, int ignored,
                                             float positive, double *restrict sums, long count) {
    d16 losses = {};
    double counted = 0.0;
    for (long i = 0; i < count; i += 16) {
        const long n = count - i < 16 ? count - i : 16;
        float sign[16], weight[16];
        read_signs(labels + i, ignored, positive, n, sign, weight);
        for (long r = 0; r < n; r++) counted += labels[i + r] != ignored;
        const v16 v = load_some(x + i, n, 0.0f) * HB_LOAD(sign), w = HB_LOAD(weight);
        // No power of a positive number, which could be infinite; log(1 + e) = log(u) e / (u - 1) for u = 1 + e as it is
        // rounded, so that small losses keep their digits.
        const v16 largest = lane_max(HB_SPLAT(0.0f), v), e = lane_exp(v - 2.0f * largest), u = 1.0f + e, d = u - 1.0f;
        const v16 correction = lane_select((i16)(d == 0.0f), HB_SPLAT(1.0f), d);
        const v16 loss = largest + lane_select((i16)(d == 0.0f), e, lane_log(u) * e / correction);
        losses += __builtin_convertvector(lane_select((i16)(w == 0.0f), HB_SPLAT(0.0f), loss * w), d16);
    }
    sums[0] = 0.0;
    sums[1] = counted;
    for (int r = 0; r < 16; r++) sums[0] += losses[r];
}

HB_KERNEL void hb_binary_pixel_cross_entropy_gradient(const float *restrict x, const uint8_t *restrict labels,
                                                      int ignored, float positive, float scale, float *restrict dx,
                                                      long count) {
    for (long i = 0; i < count; i += 16) {
        const long n = count - i < 16 ? count - i : 16;
        float sign[16], weight[16];
        read_signs(labels + i, ignored, positive, n, sign, weight);
        const v16 s = HB_LOAD(sign), v = load_some(x + i, n, 0.0f) * s, w = HB_LOAD(weight);
        const v16 d = s * w * scale / (1.0f + lane_exp(-v));
        store_some(dx + i, lane_select((i16)(w == 0.0f), HB_SPLAT(0.0f), d), n);
    }
}
