#include "LayerNorm.h"
#include "Lanes.h"

// The sums over the lanes of R vectors, times a factor.
HB_INLINE void lane_sums(const v16 *s, float factor, float *sums, const int R) {
    if (R == 16) {
        sums_of_16(s, sums);
        HB_STORE(sums, HB_LOAD(sums) * factor);
    } else {
        for (int r = 0; r < R; r++) sums[r] = lane_sum(s[r]) * factor;
    }
}

HB_INLINE void inverse_roots(float *values, const int R) {
#if __has_builtin(__builtin_elementwise_sqrt)
    // Not one by one: the C library's root must look after errno, which keeps it from being vectorised.
    if (R == 16) {
        v16 roots = __builtin_elementwise_sqrt(HB_LOAD(values));
        HB_STORE(values, 1.0f / roots);
        return;
    }
#endif
    for (int r = 0; r < R; r++) values[r] = 1.0f / sqrtf(values[r]);
}

// R rows together, so that the steps that belong to a row (sums over lanes, the root) are shared or overlap. R and,
// for narrow rows, `columns` are constants where this is inlined.
HB_INLINE void norm_rows(const float *x, const float *gain, const float *bias, float epsilon, float *y, float *mean,
                         float *inverse, const int R, const long columns) {
    const long full = columns & ~15l;
    v16 s[16];
    const float share = 1.0f / (float)columns;
    float center[16], scale[16];
    for (int r = 0; r < R; r++) {
        s[r] = HB_SPLAT(0.0f);
        for (long c = 0; c < full; c += 16) s[r] += HB_LOAD(x + r * columns + c);
    }
    if (full < columns)
        for (int r = 0; r < R; r++) s[r] += load_tail(x + r * columns + full, columns - full, 0.0f);
    lane_sums(s, share, center, R);

    for (int r = 0; r < R; r++) {
        s[r] = HB_SPLAT(0.0f);
        for (long c = 0; c < full; c += 16) {
            v16 d = HB_LOAD(x + r * columns + c) - center[r];
            s[r] += d * d;
        }
    }
    if (full < columns)
        for (int r = 0; r < R; r++) {
            v16 d = load_tail(x + r * columns + full, columns - full, center[r]) - center[r];
            s[r] += d * d;
        }
    lane_sums(s, share, scale, R);
    for (int r = 0; r < R; r++) scale[r] += epsilon;
    inverse_roots(scale, R);
    memcpy(mean, center, R * sizeof(float));
    memcpy(inverse, scale, R * sizeof(float));

    for (int r = 0; r < R; r++)
        for (long c = 0; c < full; c += 16) {
            v16 d = HB_LOAD(x + r * columns + c) - center[r];
            HB_STORE(y + r * columns + c, d * scale[r] * HB_LOAD(gain + c) + HB_LOAD(bias + c));
        }
    if (full < columns) {
        const long n = columns - full;
        v16 a = load_tail(gain + full, n, 0.0f), b = load_tail(bias + full, n, 0.0f);
        for (int r = 0; r < R; r++) {
            v16 d = load_tail(x + r * columns + full, n, 0.0f) - center[r];
            store_tail(y + r * columns + full, d * scale[r] * a + b, n);
        }
    }
}

// The gradient of 16 B columns of R rows.
HB_INLINE void norm_gradient_columns(const float *x, const float *g, const float *gain, const float *mean,
                                     const float *inverse, const float *constant, const float *slope, float *dx,
                                     float *sums, const int R, const int B, const long columns) {
    v16 da[4], db[4];
    for (int b = 0; b < B; b++) {
        da[b] = HB_LOAD(sums + 16 * b);
        db[b] = HB_LOAD(sums + columns + 16 * b);
    }
    for (int r = 0; r < R; r++)
        for (int b = 0; b < B; b++) {
            const long at = r * columns + 16 * b;
            v16 h = HB_LOAD(g + at), d = HB_LOAD(x + at) - mean[r], scaled = h * inverse[r];
            HB_STORE(dx + at, scaled * HB_LOAD(gain + 16 * b) - constant[r] - d * slope[r]);
            da[b] += scaled * d;
            db[b] += h;
        }
    for (int b = 0; b < B; b++) {
        HB_STORE(sums + 16 * b, da[b]);
        HB_STORE(sums + columns + 16 * b, db[b]);
    }
}

HB_INLINE void norm_gradient_rows(const float *x, const float *g, const float *gain, const float *mean,
                                  const float *inverse, float *dx, float *sums, const int R, const long columns) {
    const long full = columns & ~15l, n = columns - full;
    v16 s[16], t[16];
    const float share = 1.0f / (float)columns;
    float constant[16], slope[16];
    for (int r = 0; r < R; r++) {
        s[r] = t[r] = HB_SPLAT(0.0f);
        for (long c = 0; c < full; c += 16) {
            v16 h = HB_LOAD(g + r * columns + c) * HB_LOAD(gain + c);
            s[r] += h;
            t[r] += h * (HB_LOAD(x + r * columns + c) - mean[r]);
        }
    }
    if (n) {
        v16 a = load_tail(gain + full, n, 0.0f);
        for (int r = 0; r < R; r++) {
            v16 h = load_tail(g + r * columns + full, n, 0.0f) * a;
            s[r] += h;
            t[r] += h * (load_tail(x + r * columns + full, n, 0.0f) - mean[r]);
        }
    }
    lane_sums(s, share, constant, R);
    lane_sums(t, share, slope, R);
    for (int r = 0; r < R; r++) {
        constant[r] *= inverse[r];
        slope[r] *= inverse[r] * inverse[r] * inverse[r];
    }
    // The sums stay in registers, for as many columns at once as there are registers: memory likes runs of lines.
    long c = 0;
    for (; c + 64 <= full; c += 64)
        norm_gradient_columns(x + c, g + c, gain + c, mean, inverse, constant, slope, dx + c, sums + c, R, 4, columns);
    for (; c < full; c += 16)
        norm_gradient_columns(x + c, g + c, gain + c, mean, inverse, constant, slope, dx + c, sums + c, R, 1, columns);
    if (n) {
        v16 a = load_tail(gain + full, n, 0.0f), da = load_tail(sums + full, n, 0.0f);
        v16 db = load_tail(sums + columns + full, n, 0.0f);
        for (int r = 0; r < R; r++) {
            v16 h = load_tail(g + r * columns + full, n, 0.0f);
            v16 d = load_tail(x + r * columns + full, n, 0.0f) - mean[r];
            v16 scaled = h * inverse[r];
            store_tail(dx + r * columns + full, scaled * a - constant[r] - d * slope[r], n);
            da += scaled * d;
            db += h;
        }
        store_tail(sums + full, da, n);
        store_tail(sums + columns + full, db, n);
    }
}

#define HB_NORM_LOOP(R, C)                                                                                          \
    for (; r + R <= rows; r += R)                                                                                   \
        norm_rows(x + r * (C), gain, bias, epsilon, y + r * (C), mean + r, inverse + r, R, C);
#define HB_NORM_GRADIENT_LOOP(R, C)                                                                                 \
    for (; r + R <= rows; r += R)                                                                                   \
        norm_gradient_rows(x + r * (C), g + r * (C), gain, mean + r, inverse + r, dx + r * (C), sums, R, C);

HB_KERNEL void hb_layer_norm(const float *restrict x, const float *restrict gain, const float *restrict bias,
                             float epsilon, float *restrict y, float *restrict mean, float *restrict inverse, long rows,
                             long columns) {
    long r = 0;
    if (columns == 16) { HB_NORM_LOOP(16, 16) }
    else if (columns == 32) { HB_NORM_LOOP(16, 32) }
    else if (columns == 64) { HB_NORM_LOOP(16, 64) }
    else if (columns <= 128) { HB_NORM_LOOP(16, columns) }
    else { HB_NORM_LOOP(4, columns) }
    HB_NORM_LOOP(1, columns)
}

HB_KERNEL void hb_layer_norm_gradient(const float *restrict x, const float *restrict g, const float *restrict gain,
                                      const float *restrict mean, const float *restrict inverse, float *restrict dx,
                                      float *restrict sums, long rows, long columns) {
    for (long c = 0; c < 2 * columns; c++) sums[c] = 0.0f;
    long r = 0;
    if (columns == 16) { HB_NORM_GRADIENT_LOOP(16, 16) }
    else if (columns == 32) { HB_NORM_GRADIENT_LOOP(16, 32) }
    else if (columns == 64) { HB_NORM_GRADIENT_LOOP(16, 64) }
    else if (columns <= 128) { HB_NORM_GRADIENT_LOOP(16, columns) }
    else { HB_NORM_GRADIENT_LOOP(4, columns) }
    HB_NORM_GRADIENT_LOOP(1, columns)
}
