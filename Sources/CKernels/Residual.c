#include "Residual.h"
#include "Lanes.h"

// Rows are walked along, since memory likes runs of lines. The sums of a narrow row, whose width is a constant, stay in
// registers meanwhile.
HB_INLINE void add_rows(const float *x, const float *branch, const float *gamma, float factor, float *y, const int R,
                        const long columns) {
    for (int r = 0; r < R; r++)
        for (long c = 0; c < columns; c += 16) {
            const long at = r * columns + c, n = columns - c;
            v16 scale = load_some(gamma + c, n, 0.0f) * factor;
            store_some(y + at, load_some(x + at, n, 0.0f) + load_some(branch + at, n, 0.0f) * scale, n);
        }
}

HB_INLINE void add_columns_gradient(const float *branch, const float *g, const float *gamma, float factor,
                                    float *dbranch, float *sums, const int R, const int B, const long columns,
                                    const long n) {
    v16 s[4];
    for (int b = 0; b < B; b++) s[b] = HB_SPLAT(0.0f);
    for (int r = 0; r < R; r++)
        for (int b = 0; b < B; b++) {
            const long at = r * columns + 16 * b;
            v16 h = load_some(g + at, n, 0.0f);
            s[b] += h * load_some(branch + at, n, 0.0f);
            store_some(dbranch + at, h * (load_some(gamma + 16 * b, n, 0.0f) * factor), n);
        }
    for (int b = 0; b < B; b++) store_some(sums + 16 * b, load_some(sums + 16 * b, n, 0.0f) + s[b] * factor, n);
}

HB_INLINE void add_rows_gradient(const float *branch, const float *g, const float *gamma, float factor, float *dbranch,
                                 float *sums, const int R, const int B, const long columns) {
    for (long c = 0; c < columns; c += 16 * B)
        add_columns_gradient(branch + c, g + c, gamma + c, factor, dbranch + c, sums + c, R, B, columns, columns - c);
}

#define HB_ADD_LOOP(R, C) \
    for (; r + R <= rows; r += R) add_rows(x + r * (C), branch + r * (C), gamma, factor, y + r * (C), R, C);
#define HB_ADD_GRADIENT_LOOP(R, B, C) \
    for (; r + R <= rows; r += R)  \
        add_rows_gradient(branch + r * (C), g + r * (C), gamma, factor, dbranch + r * (C), sums, R, B, C);

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
        if (columns == 16) { HB_ADD_GRADIENT_LOOP(8, 1, 16) }
        else if (columns == 32) { HB_ADD_GRADIENT_LOOP(8, 2, 32) }
        else if (columns == 64) { HB_ADD_GRADIENT_LOOP(8, 4, 64) }
        HB_ADD_GRADIENT_LOOP(1, 1, columns)
    }
}
