#include "BatchNormRelu.h"
#include "Lanes.h"

// Runs `step` for each block of up to 16 columns (c, n of them) of each group of R rows (first row r). R and whether the
// block has all 16 are constants.
#define HB_COLUMN_BLOCKS(step)                                                                 \
    long r = 0;                                                                                \
    for (; r + 8 <= rows; r += 8) HB_COLUMNS(step, 8)                                          \
    for (; r < rows; r++) HB_COLUMNS(step, 1)
#define HB_COLUMNS(step, R)                                                                    \
    {                                                                                          \
        long c = 0;                                                                            \
        for (; c + 16 <= columns; c += 16) { step(R, 1) }                                      \
        if (c < columns) { step(R, 0) }                                                        \
    }
#define LOAD(p) (all ? HB_LOAD(p) : load_tail(p, n, 0.0f))
#define STORE(p, v) __extension__({ if (all) HB_STORE(p, v); else store_tail(p, v, n); })
#define EACH(R) _Pragma("clang loop unroll(full)") for (int i = 0; i < R; i++)

HB_KERNEL void hb_column_moments(const float *restrict x, float *restrict means, float *restrict sums, long rows,
                                 long columns) {
    for (long c = 0; c < columns; c++) means[c] = sums[c] = 0.0f;
    {
#define STEP(R, ALL)                                                                           \
    const int all = ALL;                                                                       \
    const long n = columns - c; (void)n;                                                       \
    v16 s[2] = {};                                                                             \
    EACH(R) s[i & 1] += LOAD(x + (r + i) * columns + c);                                       \
    STORE(means + c, LOAD(means + c) + (s[0] + s[1]));
        HB_COLUMN_BLOCKS(STEP)
#undef STEP
    }
    for (long c = 0; c < columns; c++) means[c] /= (float)rows;
#define STEP(R, ALL)                                                                           \
    const int all = ALL;                                                                       \
    const long n = columns - c; (void)n;                                                       \
    v16 m = LOAD(means + c), s[2] = {};                                                        \
    EACH(R) {                                                                                  \
        v16 d = LOAD(x + (r + i) * columns + c) - m;                                           \
        s[i & 1] += d * d;                                                                     \
    }                                                                                          \
    STORE(sums + c, LOAD(sums + c) + (s[0] + s[1]));
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_relu(const float *restrict x, const float *restrict mean, const float *restrict scale,
                                 const float *restrict bias, float *restrict y, long rows, long columns) {
#define STEP(R, ALL)                                                                           \
    const int all = ALL;                                                                       \
    const long n = columns - c; (void)n;                                                       \
    v16 m = LOAD(mean + c), a = LOAD(scale + c);                                               \
    v16 b = LOAD(bias + c);                                                                    \
    EACH(R) {                                                                                  \
        long at = (r + i) * columns + c;                                                       \
        v16 v = (LOAD(x + at) - m) * a + b;                                                    \
        STORE(y + at, lane_max(HB_SPLAT(0.0f), v));                                            \
    }
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_relu_sums(const float *restrict x, const float *restrict g, const float *restrict mean,
                                      const float *restrict scale, const float *restrict bias, float *restrict sums,
                                      long rows, long columns) {
    for (long c = 0; c < 2 * columns; c++) sums[c] = 0.0f;
#define STEP(R, ALL)                                                                           \
    const int all = ALL;                                                                       \
    const long n = columns - c; (void)n;                                                       \
    v16 m = LOAD(mean + c), a = LOAD(scale + c);                                               \
    v16 b = LOAD(bias + c), s[2] = {}, t[2] = {};                                              \
    EACH(R) {                                                                                  \
        long at = (r + i) * columns + c;                                                       \
        v16 d = LOAD(x + at) - m;                                                              \
        v16 h = (v16)((i16)LOAD(g + at) & (i16)(d * a + b > 0.0f));                            \
        s[i & 1] += h * d;                                                                     \
        t[i & 1] += h;                                                                         \
    }                                                                                          \
    STORE(sums + c, LOAD(sums + c) + (s[0] + s[1]));                                           \
    STORE(sums + columns + c, LOAD(sums + columns + c) + (t[0] + t[1]));
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}

HB_KERNEL void hb_normalize_relu_gradient(const float *restrict x, const float *restrict g, const float *restrict mean,
                                          const float *restrict scale, const float *restrict bias,
                                          const float *restrict slope, const float *restrict constant,
                                          float *restrict dx, long rows, long columns) {
#define STEP(R, ALL)                                                                           \
    const int all = ALL;                                                                       \
    const long n = columns - c; (void)n;                                                       \
    v16 m = LOAD(mean + c), a = LOAD(scale + c);                                               \
    v16 b = LOAD(bias + c);                                                                    \
    v16 s = LOAD(slope + c), k = LOAD(constant + c);                                           \
    EACH(R) {                                                                                  \
        long at = (r + i) * columns + c;                                                       \
        v16 d = LOAD(x + at) - m;                                                              \
        v16 h = (v16)((i16)LOAD(g + at) & (i16)(d * a + b > 0.0f));                            \
        STORE(dx + at, h * a - d * s - k);                                                     \
    }
    HB_COLUMN_BLOCKS(STEP)
#undef STEP
}
