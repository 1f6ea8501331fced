#include "Residual.h"
#include "Lanes.h"

HB_INLINE void add_rows(const float *x, const float *branch, const float *gamma, float factor, float *y, const int R,
                        const long columns) {
    for (long c = 0; c < columns; c += 16) {
        const long n = columns - c;
        v16 scale = load_some(gamma + c, n, 0.0f) * factor;
        for (int r = 0; r < R; r++) {
            long at = r * columns + c;
            store_some(y + at, load_some(x + at, n, 0.0f) + load_some(branch + at, n, 0.0f) * scale, n);
        }
    }
}

HB_INLINE void add_rows_gradient(const float *branch, const float *g, const float *gamma, float factor, float *dbranch,
                                 float *sums, const int R, const long columns) {
    for (long c = 0; c < columns; c += 16) {
        const long n = columns - c;
        v16 scale = load_some(gamma + c, n, 0.0f) * factor, s = HB_SPLAT(0.0f);
        for (int r = 0; r < R; r++) {
            long at = r * columns + c;
            v16 h = load_some(g + at, n, 0.0f);
            s += h * load_some(branch + at, n, 0.0f);
            store_some(dbranch + at, h * scale, n);
        }
        store_some(sums + c, load_some(sums + c, n, 0.0f) + s * factor, n);
    }
}

#define HB_ADD_LOOP(R, C) \
    for (; r + R <= rows; r += R) add_rows(x + r * (C), branch + r * (C), gamma, factor, y + r * (C), R, C);
#define HB_ADD_GRADIENT_LOOP(R, C) \
    for (; r + R <= rows; r += R)  \
        add_rows_gradient(branch + r * (C), g + r * (C), gamma, factor, dbranch + r * (C), sums, R, C);

HB_KERNEL void hb_add_residual(const float *restrict x, const float *restrict branch, const float *restrict gamma,
                               float factor, float *restrict y, long rows, long columns) {
    long r = 0;
    if (factor == 0.0f) {
        memcpy(y, x, (size_t)(rows * columns) * sizeof(float));
    } else if (gamma == NULL) {
        for (long i = 0; i < rows * columns; i++) y[i] = x[i] + factor * branch[i];
    } else {
        if (columns == 16) { HB_ADD_LOOP(8, 16) }
        else if (columns == 32) { HB_ADD_LOOP(8, 32) }
        else { HB_ADD_LOOP(8, columns) }
        HB_ADD_LOOP(1, columns)
    }
}

HB_KERNEL void hb_add_residual_gradient(const float *restrict branch, const float *restrict g,
                                        const float *restrict gamma, float factor, float *restrict dbranch,
                                        float *restrict sums, long rows, long columns) {
    long r = 0;
    if (factor == 0.0f) {
        memset(dbranch, 0, (size_t)(rows * columns) * sizeof(float));
    } else if (gamma == NULL) {
        for (long i = 0; i < rows * columns; i++) dbranch[i] = factor * g[i];
    } else {
        if (columns == 16) { HB_ADD_GRADIENT_LOOP(8, 16) }
        else if (columns == 32) { HB_ADD_GRADIENT_LOOP(8, 32) }
        else { HB_ADD_GRADIENT_LOOP(8, columns) }
        HB_ADD_GRADIENT_LOOP(1, columns)
    }
}
