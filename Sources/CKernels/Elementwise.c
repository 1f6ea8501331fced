#include "Elementwise.h"
#include "Vector.h"

#define HB_ELEMENTWISE(name, value, derivative)                                            \
    HB_KERNEL void hb_##name(const float *xs, float *ys, long count) {                     \
        _Pragma("clang loop vectorize(assume_safety)") /* ys may be xs, but overlap no other way */ \
        for (long i = 0; i < count; i++) {                                                 \
            float x = xs[i];                                                               \
            ys[i] = (value);                                                               \
        }                                                                                  \
    }                                                                                      \
    HB_KERNEL void hb_##name##_gradient(                                                   \
        const float *xs, const float *gs, float *ds, long count) {                         \
        _Pragma("clang loop vectorize(assume_safety)") /* ds may be gs */                  \
        for (long i = 0; i < count; i++) {                                                 \
            float x = xs[i];                                                               \
            (void)x; /* a derivative may be constant */                                    \
            ds[i] = gs[i] * (derivative);                                                  \
        }                                                                                  \
    }

HB_INLINE float silu_derivative(float x) {
    float s = scalar_sigmoid(x);
    return s * (1.0f + x * (1.0f - s));
}

HB_INLINE float quick_gelu_derivative(float x) {
    float s = scalar_sigmoid(1.702f * x);
    return s * (1.0f + 1.702f * x * (1.0f - s));
}

HB_INLINE float tanh_value(float x) { return 1.0f - 2.0f / (scalar_exp(2.0f * x) + 1.0f); }

/* sqrtf may set errno, which keeps a loop from using the instruction that does several at once. */
HB_INLINE float square_root(float x) { return __builtin_elementwise_sqrt(x); }

HB_ELEMENTWISE(gelu, x * scalar_normal_cdf(x), scalar_normal_cdf(x) + x * scalar_normal_pdf(x))
HB_ELEMENTWISE(quick_gelu, x * scalar_sigmoid(1.702f * x), quick_gelu_derivative(x))
HB_ELEMENTWISE(relu, x > 0.0f ? x : 0.0f, x > 0.0f ? 1.0f : 0.0f)
HB_ELEMENTWISE(relu6, scalar_min(scalar_max(x, 0.0f), 6.0f), x > 0.0f && x < 6.0f ? 1.0f : 0.0f)
HB_ELEMENTWISE(silu, x * scalar_sigmoid(x), silu_derivative(x))
HB_ELEMENTWISE(hard_swish, x * scalar_min(scalar_max(x + 3.0f, 0.0f), 6.0f) / 6.0f,
               x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : (2.0f * x + 3.0f) / 6.0f)
HB_ELEMENTWISE(hard_sigmoid, scalar_min(scalar_max(x + 3.0f, 0.0f), 6.0f) / 6.0f,
               x > -3.0f && x < 3.0f ? 1.0f / 6.0f : 0.0f)
HB_ELEMENTWISE(sigmoid, scalar_sigmoid(x), scalar_sigmoid(x) * (1.0f - scalar_sigmoid(x)))
HB_ELEMENTWISE(tanh, tanh_value(x), 1.0f - tanh_value(x) * tanh_value(x))
HB_ELEMENTWISE(exp, scalar_exp(x), scalar_exp(x))
HB_ELEMENTWISE(square, x * x, 2.0f * x)
HB_ELEMENTWISE(sqrt, square_root(x), 0.5f / square_root(x))
HB_ELEMENTWISE(negate, -x, -1.0f)
HB_ELEMENTWISE(absolute, x > 0.0f ? x : 0.0f - x, (x > 0.0f ? 1.0f : 0.0f) - (x < 0.0f ? 1.0f : 0.0f))

/* Exact to the last bit but one by one: losses take few logarithms, and a wrong one is seen in every curve. */
HB_KERNEL void hb_log(const float *xs, float *ys, long count) {
    for (long i = 0; i < count; i++) ys[i] = logf(xs[i]);
}

HB_KERNEL void hb_log_gradient(const float *xs, const float *gs, float *ds, long count) {
#pragma clang loop vectorize(assume_safety) /* ds may be gs */
    for (long i = 0; i < count; i++) ds[i] = gs[i] / xs[i];
}

HB_KERNEL void hb_accumulate(const float *restrict x, float *restrict y, long count) {
    for (long i = 0; i < count; i++) y[i] += x[i];
}

HB_KERNEL void hb_scale(const float *x, float scale, float *y, long count) {
#pragma clang loop vectorize(assume_safety)
    for (long i = 0; i < count; i++) y[i] = scale * x[i];
}
