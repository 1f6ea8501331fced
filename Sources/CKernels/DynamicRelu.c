#include "DynamicRelu.h"
#include "Vector.h"

HB_KERNEL void hb_dynamic_relu(const float *restrict x, const float *restrict slopes, float *restrict y, long rows,
                               long columns) {
    for (long r = 0; r < rows; r++, x += columns, y += columns)
        for (long c = 0; c < columns; c++) y[c] = scalar_max(slopes[c] * x[c], slopes[columns + c] * x[c]);
}

HB_KERNEL void hb_dynamic_relu_gradient(const float *restrict x, const float *restrict g, const float *restrict slopes,
                                        float *restrict dx, float *restrict dslopes, long rows, long columns) {
    const float *restrict a = slopes, *restrict b = slopes + columns;
    float *restrict da = dslopes, *restrict db = dslopes + columns;
    for (long c = 0; c < 2 * columns; c++) dslopes[c] = 0.0f;
    for (long r = 0; r < rows; r++, x += columns, g += columns, dx += columns) {
        for (long c = 0; c < columns; c++) {
            const float u = a[c] * x[c], v = b[c] * x[c];
            const float first = u > v ? 1.0f : u < v ? 0.0f : 0.5f;
            const float product = g[c] * x[c];
            dx[c] = g[c] * (first * a[c] + (1.0f - first) * b[c]);
            da[c] += first * product;
            db[c] += (1.0f - first) * product;
        }
    }
}
