#include "GeluLinear.h"
#include "Vector.h"

HB_KERNEL void hb_gelu_value_and_derivative(const float *xs, float *values, float *derivatives, long count) {
#pragma clang loop vectorize(assume_safety)
    for (long i = 0; i < count; i++) {
        float x = xs[i];
        float cdf = scalar_normal_cdf(x);
        values[i] = x * cdf;
        derivatives[i] = cdf + x * scalar_normal_pdf(x);
    }
}

HB_KERNEL void hb_multiply_into(const float *restrict x, float *restrict y, long count) {
    for (long i = 0; i < count; i++) y[i] *= x[i];
}
