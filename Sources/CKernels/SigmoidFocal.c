#include "SigmoidFocal.h"
#include "PixelRows.h"

// With v = x, or -x where the target is 1, and q = sigmoid(v): loss = a q^gamma log(1 + e^v), whose derivative by v is
// a q^gamma (gamma (1 - q) log(1 + e^v) + q).
HB_INLINE void focal_block(const v16 *x, const v16 *sign, const v16 *weight, float gamma, const int is_square,
                           v16 *loss, v16 *slope) {
    const v16 v = *x * *sign, largest = lane_max(HB_SPLAT(0.0f), v), e = lane_exp(v - 2.0f * largest), u = 1.0f + e;
    // log(1 + e) = log(u) e / (u - 1) for u = 1 + e as it is rounded, so that small losses keep their digits.
    const v16 d = u - 1.0f, divisor = lane_select((i16)(d == 0.0f), HB_SPLAT(1.0f), d);
    const v16 tail = lane_select((i16)(d == 0.0f), e, lane_log(u) * e / divisor), s = largest + tail;
    const i16 is_positive = (i16)(v > 0.0f);
    const v16 q = lane_select(is_positive, HB_SPLAT(1.0f), e) / u;
    const v16 rest = lane_select(is_positive, e, HB_SPLAT(1.0f)) / u;
    // log q = min(v, 0) - log(1 + e), which is no difference of large numbers.
    const v16 power = is_square ? q * q : lane_exp(gamma * (v - largest - tail));
    const v16 scaled = power * *weight;
    *loss = scaled * s;
    *slope = scaled * (gamma * rest * s + q) * *sign;
}

HB_INLINE void focal_rows(const float *x, const int32_t *labels, float positive, float negative, float gamma, float *dx,
                          double *sum, long rows, long columns, const int is_square) {
    d16 sums = {};
    const i16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (long r = 0; r < rows; r++, x += columns) {
        if (labels[r] == -2) {
            if (dx) memset(dx + r * columns, 0, (size_t)columns * sizeof(float));
            continue;
        }
        for (long c = 0; c < columns; c += 16) {
            const long n = columns - c < 16 ? columns - c : 16;
            const i16 is_label = (i16)(lanes == (i16){} + (int32_t)(labels[r] - c));
            const i16 is_in = (i16)(lanes < (i16){} + (int32_t)n);
            const v16 sign = lane_select(is_label, HB_SPLAT(-1.0f), HB_SPLAT(1.0f));
            const v16 weight =
                lane_select(is_in, lane_select(is_label, HB_SPLAT(positive), HB_SPLAT(negative)), HB_SPLAT(0.0f));
            const v16 logits = load_some(x + c, n, 0.0f);
            v16 loss, slope;
            focal_block(&logits, &sign, &weight, gamma, is_square, &loss, &slope);
            sums += __builtin_convertvector(loss, d16);
            if (dx) store_some(dx + r * columns + c, slope, n);
        }
    }
    *sum = 0.0;
    for (int i = 0; i < 16; i++) *sum += sums[i];
}

HB_KERNEL void hb_sigmoid_focal(const float *restrict x, const int32_t *restrict labels, int balanced, float alpha,
                                float gamma, float *restrict dx, double *restrict sum, long rows, long columns) {
    const float positive = balanced ? alpha : 1.0f, negative = balanced ? 1.0f - alpha : 1.0f;
    if (gamma == 2.0f) focal_rows(x, labels, positive, negative, gamma, dx, sum, rows, columns, 1);
    else focal_rows(x, labels, positive, negative, gamma, dx, sum, rows, columns, 0);
}
