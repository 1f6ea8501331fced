#include "ReluLinearRow.h"
#include "Vector.h"

HB_KERNEL void hb_relu_linear_row(const float *restrict x, const float *restrict w, float bias, float *restrict y,
                                  long rows, long columns) {
    HB_REASSOCIATE
    for (long r = 0; r < rows; r++, x += columns) {
        float sum = 0.0f;
        for (long c = 0; c < columns; c++) sum += (x[c] > 0.0f ? x[c] : 0.0f) * w[c];
        y[r] = sum + bias;
    }
}

HB_KERNEL void hb_relu_linear_row_gradient(float *restrict x, const float *restrict g, const float *restrict w,
                                           float *restrict dw, long rows, long columns) {
    for (long c = 0; c < columns; c++) dw[c] = 0.0f;
    for (long r = 0; r < rows; r++, x += columns) {
        const float slope = g[r];
        for (long c = 0; c < columns; c++) {
            const int is_positive = x[c] > 0.0f;
            dw[c] += slope * (is_positive ? x[c] : 0.0f);
            x[c] = is_positive ? slope * w[c] : 0.0f;
        }
    }
}
