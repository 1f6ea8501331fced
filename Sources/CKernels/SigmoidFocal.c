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

// Rows that count and follow each other are one run of elements, so that few classes fill vectors as many do.
HB_INLINE void focal_run(const float *x, const int32_t *labels, const v16 *positive, const v16 *negative, float gamma,
                         float *dx, d16 *sums, long count, long columns, const int is_square) {
    long row = 0;
    for (long i = 0; i < count; i += 16) {
        const long n = count - i < 16 ? count - i : 16;
        v16 sign = HB_SPLAT(1.0f), weight = *negative, loss, slope;
        int32_t mask[16] = {0};
        int found = 0;
        while ((row + 1) * columns <= i) row++;
        for (long r = row; r * columns < i + n; r++) {
            const long at = r * columns + labels[r] - i;
            if (labels[r] < 0 || at < 0 || at >= n) continue;
            mask[at] = -1;
            found = 1;
        }
        if (found) {
            const i16 is_label = *(const i16 *)mask;
            sign = lane_select(is_label, -sign, sign);
            weight = lane_select(is_label, *positive, weight);
        }
        const v16 logits = load_some(x + i, n, 0.0f);
        focal_block(&logits, &sign, &weight, gamma, is_square, &loss, &slope);
        if (dx) store_some(dx + i, slope, n);
        if (n < 16) {
            float t[16];
            HB_STORE(t, loss);
            loss = load_tail(t, n, 0.0f);
        }
        *sums += __builtin_convertvector(loss, d16);
    }
}

HB_INLINE void focal_rows(const float *x, const int32_t *labels, float positive, float negative, float gamma, float *dx,
                          double *sum, long rows, long columns, const int is_square) {
    d16 sums = {};
    const v16 yes = HB_SPLAT(positive), no = HB_SPLAT(negative);
    for (long first = 0; first < rows;) {
        const int counts = labels[first] != -2;
        long last = first + 1;
        while (last < rows && (labels[last] != -2) == counts) last++;
        const long start = first * columns, count = (last - first) * columns;
        if (counts)
            focal_run(x + start, labels + first, &yes, &no, gamma, dx ? dx + start : dx, &sums, count, columns,
                      is_square);
        else if (dx) memset(dx + start, 0, (size_t)count * sizeof(float));
        first = last;
    }
    *sum = 0.0;
    for (int i = 0; i < 16; i++) *sum += sums[i];
}

HB_KERNEL void hb_sigmoid_focal(const float *x, const int32_t *restrict labels, int balanced, float alpha, float gamma,
                                float *dx, double *restrict sum, long rows, long columns) {
    const float positive = balanced ? alpha : 1.0f, negative = balanced ? 1.0f - alpha : 1.0f;
    if (gamma == 2.0f) focal_rows(x, labels, positive, negative, gamma, dx, sum, rows, columns, 1);
    else focal_rows(x, labels, positive, negative, gamma, dx, sum, rows, columns, 0);
}
