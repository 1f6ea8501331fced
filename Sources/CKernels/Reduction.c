#include "Reduction.h"
#include "Lanes.h"

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

// The sums of up to 64 columns stay in registers over all rows.
HB_INLINE void add_column_sums(const float *x, float *sums, long rows, long columns, const int B) {
    v16 s[4];
    for (int b = 0; b < B; b++) s[b] = HB_LOAD(sums + 16 * b);
    for (long r = 0; r < rows; r++)
        for (int b = 0; b < B; b++) s[b] += HB_LOAD(x + r * columns + 16 * b);
    for (int b = 0; b < B; b++) HB_STORE(sums + 16 * b, s[b]);
}

HB_KERNEL void hb_add_row_sums(const float *restrict x, float *restrict sums, long rows, long columns) {
    long c = 0;
    for (; c + 64 <= columns; c += 64) add_column_sums(x + c, sums + c, rows, columns, 4);
    for (; c + 16 <= columns; c += 16) add_column_sums(x + c, sums + c, rows, columns, 1);
    if (c < columns)
        for (long r = 0; r < rows; r++)
            for (long d = c; d < columns; d++) sums[d] += x[r * columns + d];
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

HB_KERNEL float hb_sum_of_product(const float *restrict x, const float *restrict y, long count) {
    HB_REASSOCIATE
    float sum = 0.0f;
    for (long i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
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

// As above, with a weight for each row.
HB_INLINE void add_weighted_sums(const float *x, const float *w, float *sums, long rows, long columns, const int B) {
    v16 s[4];
    for (int b = 0; b < B; b++) s[b] = HB_LOAD(sums + 16 * b);
    for (long r = 0; r < rows; r++)
        for (int b = 0; b < B; b++) s[b] += w[r] * HB_LOAD(x + r * columns + 16 * b);
    for (int b = 0; b < B; b++) HB_STORE(sums + 16 * b, s[b]);
}

HB_KERNEL void hb_add_weighted_rows(const float *restrict x, const float *restrict w, float *restrict sums, long rows,
                                    long columns) {
    long c = 0;
    for (; c + 64 <= columns; c += 64) add_weighted_sums(x + c, w, sums + c, rows, columns, 4);
    for (; c + 16 <= columns; c += 16) add_weighted_sums(x + c, w, sums + c, rows, columns, 1);
    if (c < columns)
        for (long r = 0; r < rows; r++)
            for (long d = c; d < columns; d++) sums[d] += w[r] * x[r * columns + d];
}
