#pragma once
// Rows of logits, sixteen at a time and turned over, so that each lane is a row: pixels have few classes and are many, so
// vectors along a row would be half empty and each row would need sums over lanes.
#include "Lanes.h"

// Labels are bytes.
#define HB_MOST_CLASSES 256

typedef double d16 __attribute__((vector_size(128), aligned(8), may_alias));

// log(x) for x > 0 within 2 units in the last place; what is not finite stays as it is.
HB_INLINE void log_of_lanes(v16 *out, const v16 *in) {
    const v16 x = *in;
    const i16 bits = (i16)x;
    // The mantissa lies between the roots of a half and of two.
    const i16 power = (bits - 0x3f3504f3) >> 23;
    const v16 n = __builtin_convertvector(power, v16);
    const v16 f = (v16)(bits - (power << 23)) - 1.0f, z = f * f;
    v16 p = f * 7.0376836292e-2f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    v16 y = p * f * z - 2.12194440e-4f * n - 0.5f * z;
    y = f + y + 0.693359375f * n;
    *out = lane_select((i16)(x - x == 0.0f), y, x);
}
#define lane_log(v) __extension__({ v16 logged_ = (v); HB_GIVES(log_of_lanes(&result_, &logged_)); })

#define lanes_low(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define lanes_high(a, b) \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Four rounds of interleaving row i with row i + 8 turn a square over.
HB_INLINE void turn_square(v16 *s) {
    v16 t[16];
    for (int i = 0; i < 8; i++) { t[2 * i] = lanes_low(s[i], s[i + 8]); t[2 * i + 1] = lanes_high(s[i], s[i + 8]); }
    for (int i = 0; i < 8; i++) { s[2 * i] = lanes_low(t[i], t[i + 8]); s[2 * i + 1] = lanes_high(t[i], t[i + 8]); }
    for (int i = 0; i < 8; i++) { t[2 * i] = lanes_low(s[i], s[i + 8]); t[2 * i + 1] = lanes_high(s[i], s[i + 8]); }
    for (int i = 0; i < 8; i++) { s[2 * i] = lanes_low(t[i], t[i + 8]); s[2 * i + 1] = lanes_high(t[i], t[i + 8]); }
}

// Lane r of t[c] = x[r, c] for n <= 16 rows; the other lanes repeat the last row.
HB_INLINE void turn_rows(const float *x, long n, long columns, v16 *t) {
    long c = 0;
    if (n == 16)
        for (; c + 16 <= columns; c += 16) {
            for (int r = 0; r < 16; r++) t[c + r] = HB_LOAD(x + r * columns + c);
            turn_square(t + c);
        }
    float *lanes = (float *)t;
    if (n == 16) {
        for (int r = 0; r < 16; r++)
            for (long k = c; k < columns; k++) lanes[16 * k + r] = x[r * columns + k];
        return;
    }
    for (long r = 0; r < 16; r++)
        for (long k = c; k < columns; k++) lanes[16 * k + r] = x[(r < n ? r : n - 1) * columns + k];
}

// x[r, c] = lane r of t[c]; t is used up.
HB_INLINE void turn_back(v16 *t, float *x, long n, long columns) {
    long c = 0;
    if (n == 16)
        for (; c + 16 <= columns; c += 16) {
            turn_square(t + c);
            for (int r = 0; r < 16; r++) HB_STORE(x + r * columns + c, t[c + r]);
        }
    const float *lanes = (const float *)t;
    for (long r = 0; r < n; r++)
        for (long k = c; k < columns; k++) x[r * columns + k] = lanes[16 * k + r];
}

// The largest logit of each row, and log(sum(e^x)) less that.
HB_INLINE void log_sums_of(const v16 *t, long columns, v16 *largest, v16 *log_sums) {
    v16 m = t[0], s = HB_SPLAT(0.0f);
    for (long c = 1; c < columns; c++) m = lane_max(t[c], m);
    for (long c = 0; c < columns; c++) s += lane_exp(t[c] - m);
    *largest = m;
    *log_sums = lane_log(s);
}

// Up to sixteen labels: which rows count, as lanes of ones in all bits, and the labels, 0 where a row does not count.
HB_INLINE void read_labels(const uint8_t *labels, int ignored, long n, i16 *counted, int32_t *label) {
    int32_t mask[16];
    for (long r = 0; r < 16; r++) {
        const int value = r < n ? labels[r] : ignored;
        mask[r] = value != ignored ? -1 : 0;
        label[r] = value & mask[r];
    }
    memcpy(counted, mask, 64);
}
