#include "WeightedSquares.h"
#include "Vector.h"

HB_KERNEL double hb_weighted_squares(const float *restrict x, const float *restrict t, const float *restrict w,
                                     const float *restrict v, long rows, long columns) {
    HB_REASSOCIATE
    double sum = 0.0;
    for (long r = 0; r < rows; r++, x += columns, t += columns) {
        float own = 0.0f;
        for (long c = 0; c < columns; c++) own += v[c] * ((x[c] - t[c]) * (x[c] - t[c]));
        sum += (double)w[r] * (double)own;
    }
    return sum;
}

HB_KERNEL void hb_weighted_squares_gradient(const float *restrict x, const float *restrict t, const float *restrict w,
                                            const float *restrict v, float scale, float *restrict dx, long rows,
                                            long columns) {
    for (long r = 0; r < rows; r++, x += columns, t += columns, dx += columns) {
        const float s = 2.0f * scale * w[r];
        for (long c = 0; c < columns; c++) dx[c] = s * v[c] * (x[c] - t[c]);
    }
}
