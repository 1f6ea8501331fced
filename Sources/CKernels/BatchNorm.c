#include "BatchNorm.h"
#include "Lanes.h"

// Runs `step` for each block of up to 16 columns (c, n of them) of each group of R rows (first row r), R a constant.
#define HB_COLUMN_BLOCKS(step)                                                                 \
    long r = 0;                                                                                \
    for (; r + 8 <= rows; r += 8)                                                              \
        for (long c = 0; c < columns; c += 16) { step(8) }                                     \
    for (; r < rows; r++)                                                                      \
        for (long c = 0; c < columns; c += 16) { step(1) }

HB_KERNEL void hb_sum_square_deviations(const float *restrict x, const float *restrict mean, float *restrict sums,
                                        long rows, long columns) {
    for (long c = 0; c < columns; c++) sums[c] = 0.0f;
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(mean + c, n, 0.0f), s = HB_SPLAT(0.0f);                                  \
    for (int i = 0; i < R; i++) {                                                              \
        v16 d = load_some(x + (r + i) * columns + c, n, 0.0f) - m;                             \
        s += d * d;                                                                            \
    }                                                                                          \
    store_some(sums + c, load_some(sums + c, n, 0.0f) + s, n);
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_columns(const float *restrict x, const float *restrict mean, const float *restrict scale,
                                    const float *restrict bias, float *restrict y, long rows, long columns) {
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(mean + c, n, 0.0f), a = load_some(scale + c, n, 0.0f);                   \
    v16 b = load_some(bias + c, n, 0.0f);                                                      \
    for (int i = 0; i < R; i++) {                                                              \
        long at = (r + i) * columns + c;                                                       \
        store_some(y + at, (load_some(x + at, n, 0.0f) - m) * a + b, n);                       \
    }
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_sums(const float *restrict x, const float *restrict g, const float *restrict mean,
                                 float *restrict sums, long rows, long columns) {
    for (long c = 0; c < 2 * columns; c++) sums[c] = 0.0f;
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(mean + c, n, 0.0f), a = HB_SPLAT(0.0f), b = HB_SPLAT(0.0f);              \
    for (int i = 0; i < R; i++) {                                                              \
        long at = (r + i) * columns + c;                                                       \
        v16 h = load_some(g + at, n, 0.0f);                                                    \
        a += h * (load_some(x + at, n, 0.0f) - m);                                             \
        b += h;                                                                                \
    }                                                                                          \
    store_some(sums + c, load_some(sums + c, n, 0.0f) + a, n);                                 \
    store_some(sums + columns + c, load_some(sums + columns + c, n, 0.0f) + b, n);
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_gradient(const float *restrict x, const float *restrict g, const float *restrict mean,
                                     const float *restrict scale, const float *restrict slope,
                                     const float *restrict constant, float *restrict dx, long rows, long columns) {
#define STEP(R)                                                                                \
    long n = columns - c;                                                                      \
    v16 m = load_some(mean + c, n, 0.0f), a = load_some(scale + c, n, 0.0f);                   \
    v16 s = load_some(slope + c, n, 0.0f), k = load_some(constant + c, n, 0.0f);               \
    for (int i = 0; i < R; i++) {                                                              \
        long at = (r + i) * columns + c;                                                       \
        v16 d = load_some(x + at, n, 0.0f) - m;                                                \
        store_some(dx + at, load_some(g + at, n, 0.0f) * a - d * s - k, n);                    \
    }
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}
