#include "BinaryCrossEntropy.h"
#include "LogSumExp.h"
#include <math.h>

HB_KERNEL void hb_binary_cross_entropy(const float *restrict x, const float *restrict t, const float *restrict w,
                                       float *restrict losses, long rows, long columns) {
    for (long r = 0; r < rows; r++, x += columns, t += columns) {
        double sum = 0.0;
        for (long c = 0; c < columns; c++) {
            // log(1 + e^x) without the power of a positive number, which could be infinite.
            float loss = fmaxf(x[c], 0.0f) + log1pf(expf(-fabsf(x[c]))) - t[c] * x[c];
            sum += w ? (double)(w[c] * loss) : (double)loss;
        }
        losses[r] = (float)sum;
    }
}

HB_KERNEL void hb_binary_cross_entropy_gradient(const float *restrict x, const float *restrict t,
                                                const float *restrict w, float scale, float *restrict dx, long rows,
                                                long columns) {
    for (long r = 0; r < rows; r++, x += columns, t += columns, dx += columns)
        for (long c = 0; c < columns; c += 16) {
            v16 p = 1.0f / (1.0f + lane_exp(-load_some(x + c, columns - c, 0.0f)));
            v16 d = (p - load_some(t + c, columns - c, 0.0f)) * scale;
            store_some(dx + c, w ? d * load_some(w + c, columns - c, 0.0f) : d, columns - c);
        }
}
