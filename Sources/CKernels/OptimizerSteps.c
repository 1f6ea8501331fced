#include "OptimizerSteps.h"
#include "Vector.h"

HB_KERNEL void hb_adamw(float *restrict p, const float *restrict g, float *restrict m, float *restrict v, long count,
                        struct hb_adamw_constants c) {
    for (long i = 0; i < count; i++) {
        float gradient = c.gradient_scale * g[i];
        float first = m[i] + c.first_weight * (gradient - m[i]);
        float second = c.beta2 * v[i] + c.second_weight * gradient * gradient;
        m[i] = first;
        v[i] = second;
        // The builtin sets no errno, so the loop vectorises.
        float denominator = __builtin_elementwise_sqrt(second) / c.correction + c.epsilon;
        p[i] = c.decay * p[i] - c.step * first / denominator;
    }
}

HB_KERNEL void hb_momentum_descent(float *restrict p, const float *restrict g, float *restrict b, long count,
                                   float scale, float decay, float momentum, int nesterov, float rate) {
    // A plain step takes b alone, a Nesterov step d + momentum b: two factors keep the loop free of branches.
    float direct = nesterov ? 1.0f : 0.0f, carried = nesterov ? momentum : 1.0f;
    for (long i = 0; i < count; i++) {
        float d = scale * g[i] + decay * p[i];
        b[i] = momentum * b[i] + d;
        p[i] -= rate * (direct * d + carried * b[i]);
    }
}

HB_KERNEL void hb_plain_descent(float *restrict p, const float *restrict g, long count, float scale, float decay,
                                float rate) {
    for (long i = 0; i < count; i++) p[i] -= rate * (scale * g[i] + decay * p[i]);
}

HB_KERNEL void hb_average(float *restrict a, const float *restrict x, long count, float weight) {
    for (long i = 0; i < count; i++) a[i] += weight * (x[i] - a[i]);
}
