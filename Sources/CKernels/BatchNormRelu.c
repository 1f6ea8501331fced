#include "BatchNormRelu.h"
#include "Lanes.h"

// Runs `step` for each block of up to 16 columns (c, n of them) of each group of R rows (first row r), R a constant.
#define HB_COLUMN_BLOCKS(step)                                                                 \
    long r = 0;                                                                                \
    for (; r + 8 <= rows; r += 8)                                                              \
        for (long c = 0; c < columns; c += 16) { step(8) }                                     \
    for (; r < rows; r++)                                                                      \
        for (long c = 0; c < columns; c += 16) { step(1) }

HB_KERNEL void hb_column_moments(const float *restrict x, float *restrict means, float *restrict sums, long rows,
                                 long columns) {
    for (long c = 0; c < columns; c++) means[c] = sums[c] = 0.0f;
    {
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 s[2] = {};                                                                             \
    for (int i = 0; i < R; i++) s[i & 1] += load_some(x + (r + i) * columns + c, n, 0.0f);     \
    store_some(means + c, load_some(means + c, n, 0.0f) + (s[0] + s[1]), n);
        HB_COLUMN_BLOCKS(STEP)
#undef STEP
    }
    for (long c = 0; c < columns; c++) means[c] /= (float)rows;
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(means + c, n, 0.0f), s[2] = {};                                          \
    for (int i = 0; i < R; i++) {                                                              \
        v16 d = load_some(x + (r + i) * columns + c, n, 0.0f) - m;                             \
        s[i & 1] += d * d;                                                                     \
    }                                                                                          \
    store_some(sums + c, load_some(sums + c, n, 0.0f) + (s[0] + s[1]), n);
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_relu(const float *restrict x, const float *restrict mean, const float *restrict scale,
                                 const float *restrict bias, float *restrict y, long rows, long columns) {
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(mean + c, n, 0.0f), a = load_some(scale + c, n, 0.0f);                   \
    v16 b = load_some(bias + c, n, 0.0f);                                                      \
    for (int i = 0; i < R; i++) {                                                              \
        long at = (r + i) * columns + c;                                                       \
        v16 v = (load_some(x + at, n, 0.0f) - m) * a + b;                                      \
        store_some(y + at, lane_max(HB_SPLAT(0.0f), v), n);                                    \
    }
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_relu_sums(const float *restrict x, const float *restrict g, const float *restrict mean,
                                      const float *restrict scale, const float *restrict bias, float *restrict sums,
                                      long rows, long columns) {
    for (long c = 0; c < 2 * columns; c++) sums[c] = 0.0f;
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(mean + c, n, 0.0f), a = load_some(scale + c, n, 0.0f);                   \
    v16 b = load_some(bias + c, n, 0.0f), s[2] = {}, t[2] = {};                                \
    for (int i = 0; i < R; i++) {                                                              \
        long at = (r + i) * columns + c;                                                       \
        v16 d = load_some(x + at, n, 0.0f) - m;                                                \
        v16 h = (v16)((i16)load_some(g + at, n, 0.0f) & (i16)(d * a + b > 0.0f));              \
        s[i & 1] += h * d;                                                                     \
        t[i & 1] += h;                                                                         \
    }                                                                                          \
    store_some(sums + c, load_some(sums + c, n, 0.0f) + (s[0] + s[1]), n);                     \
    store_some(sums + columns + c, load_some(sums + columns + c, n, 0.0f) + (t[0] + t[1]), n);
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_relu_gradient(const float *restrict x, const float *restrict g, const float *restrict mean,
                                          const float *restrict scale, const float *restrict bias,
                                          const float *restrict slope, const float *restrict constant,
                                          float *restrict dx, long rows, long columns) {
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(mean + c, n, 0.0f), a = load_some(scale + c, n, 0.0f);                   \
    v16 b = load_some(bias + c, n, 0.0f);                                                      \
    v16 s = load_some(slope + c, n, 0.0f), k = load_some(constant + c, n, 0.0f);               \
    for (int i = 0; i < R; i++) {                                                              \
        long at = (r + i) * columns + c;                                                       \
        v16 d = load_some(x + at, n, 0.0f) - m;                                                \
        v16 h = (v16)((i16)load_some(g + at, n, 0.0f) & (i16)(d * a + b > 0.0f));              \
        store_some(dx + at, h * a - d * s - k, n);                                             \
    }
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}
