#include "Reduction.h"
#include "Vector.h"

HB_KERNEL void hb_sum_rows(const float *restrict x, long stride, float *restrict sums, long rows, long columns) {
    for (long c = 0; c < columns; c++) sums[c] = 0.0f;
    long r = 0;
    for (; r + 4 <= rows; r += 4) {
        const float *x0 = x + r * stride, *x1 = x0 + stride, *x2 = x1 + stride, *x3 = x2 + stride;
        for (long c = 0; c < columns; c++) sums[c] += (x0[c] + x1[c]) + (x2[c] + x3[c]);
    }
    for (; r < rows; r++) {
        const float *x0 = x + r * stride;
        for (long c = 0; c < columns; c++) sums[c] += x0[c];
    }
}

HB_KERNEL void hb_sum_rows_product(const float *restrict x, const float *restrict y, float *restrict sums, long rows,
                                   long columns) {
    for (long c = 0; c < columns; c++) sums[c] = 0.0f;
    for (long r = 0; r < rows; r++) {
        const float *xr = x + r * columns, *yr = y + r * columns;
        for (long c = 0; c < columns; c++) sums[c] += xr[c] * yr[c];
    }
}

HB_KERNEL void hb_sum_columns(const float *restrict x, float *restrict sums, long rows, long columns) {
    HB_REASSOCIATE
    for (long r = 0; r < rows; r++) {
        const float *xr = x + r * columns;
        float sum = 0.0f;
        for (long c = 0; c < columns; c++) sum += xr[c];
        sums[r] = sum;
    }
}

HB_KERNEL double hb_sum_squares(const float *restrict x, long count) {
    HB_REASSOCIATE
    double sum = 0.0;
    for (long i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

HB_KERNEL int hb_all_finite(const float *restrict x, long count) {
    unsigned bad = 0;
    for (long i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}
