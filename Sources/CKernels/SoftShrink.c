#include "SoftShrink.h"
#include "Vector.h"

HB_KERNEL void hb_soft_shrink(const float *restrict x, float threshold, float *restrict y, long count) {
    for (long i = 0; i < count; i++) {
        const float inner = scalar_min(scalar_max(x[i], -threshold), threshold);
        y[i] = x[i] - inner;
    }
}

HB_KERNEL void hb_soft_shrink_gradient(const float *restrict x, float threshold, const float *restrict g,
                                       float *restrict dx, long count) {
    for (long i = 0; i < count; i++) dx[i] = ((x[i] > threshold) | (x[i] < -threshold)) ? g[i] : 0.0f;
}
