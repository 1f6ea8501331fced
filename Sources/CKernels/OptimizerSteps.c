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

HB_KERNEL void hb_lion(float *restrict p, const float *restrict g, float *restrict m, long count,
                       struct hb_lion_constants c) {
    for (long i = 0; i < count; i++) {
        float gradient = c.gradient_scale * g[i];
        float mixed = c.beta1 * m[i] + c.first_weight * gradient;
        // 0 where the mixture is 0, as in padding.
        float sign = (mixed > 0.0f ? 1.0f : 0.0f) - (mixed < 0.0f ? 1.0f : 0.0f);
        m[i] = c.beta2 * m[i] + c.second_weight * gradient;
        p[i] = c.decay * p[i] - c.rate * sign;
    }
}

HB_KERNEL void hb_adam_direction(const float *restrict p, const float *restrict g, float *restrict m,
                                 float *restrict v, float *restrict r, long count, struct hb_adamw_constants c) {
    for (long i = 0; i < count; i++) {
        float gradient = c.gradient_scale * g[i];
        float first = m[i] + c.first_weight * (gradient - m[i]);
        float second = c.beta2 * v[i] + c.second_weight * gradient * gradient;
        m[i] = first;
        v[i] = second;
        float denominator = __builtin_elementwise_sqrt(second) / c.correction + c.epsilon;
        r[i] = c.step * first / denominator + c.decay * p[i];
    }
}

HB_KERNEL void hb_schedule_free(float *restrict y, const float *restrict g, float *restrict d, float *restrict v,
                                long count, struct hb_schedule_free_constants c) {
    for (long i = 0; i < count; i++) {
        float gradient = c.gradient_scale * g[i];
        float second = c.beta2 * v[i] + c.second_weight * gradient * gradient;
        v[i] = second;
        float denominator = __builtin_elementwise_sqrt(second) / c.correction + c.epsilon;
        float direction = gradient / denominator + c.decay * y[i];
        float gap = d[i];
        y[i] += c.taken * gap - c.step * direction;
        d[i] = c.kept * (gap - c.carried * direction);
    }
}

HB_KERNEL void hb_mix_momentum(const float *restrict g, float *restrict b, float *restrict u, long count, float scale,
                               float momentum, float weight, int nesterov) {
    float direct = nesterov ? weight : 0.0f, carried = nesterov ? momentum : 1.0f;
    for (long i = 0; i < count; i++) {
        float gradient = scale * g[i];
        b[i] = momentum * b[i] + weight * gradient;
        u[i] = direct * gradient + carried * b[i];
    }
}

HB_KERNEL void hb_combine(float *restrict y, const float *restrict x, long count, float own, float other) {
    for (long i = 0; i < count; i++) y[i] = own * y[i] + other * x[i];
}

HB_KERNEL void hb_ascend(float *restrict p, const float *restrict g, long count, float step) {
    for (long i = 0; i < count; i++) p[i] += step * g[i];
}

HB_KERNEL void hb_ascend_scaled(float *restrict p, const float *restrict g, long count, float step, float offset) {
    for (long i = 0; i < count; i++) {
        float size = __builtin_fabsf(p[i]) + offset;
        p[i] += step * (size * size * g[i]);
    }
}

HB_KERNEL double hb_sum_scaled_squares(const float *restrict p, const float *restrict g, long count, float offset) {
    HB_REASSOCIATE
    double sum = 0.0;
    for (long i = 0; i < count; i++) {
        double scaled = ((double)__builtin_fabsf(p[i]) + (double)offset) * (double)g[i];
        sum += scaled * scaled;
    }
    return sum;
}
