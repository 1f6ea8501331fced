#include "KernelMixing.h"
#include "Vector.h"

// y = the sum of the runs x + k distance times c[k step], four at a time.
HB_INLINE void mix(const float *x, long distance, long count, const float *c, long step, float *restrict y, long n) {
    for (long k = 0; k < count; k += 4) {
        const float *restrict a = x + k * distance, *restrict b = a + (k + 1 < count ? distance : 0);
        const float *restrict d = a + (k + 2 < count ? 2 * distance : 0);
        const float *restrict e = a + (k + 3 < count ? 3 * distance : 0);
        const float p = c[k * step], q = k + 1 < count ? c[(k + 1) * step] : 0;
        const float r = k + 2 < count ? c[(k + 2) * step] : 0, s = k + 3 < count ? c[(k + 3) * step] : 0;
        if (k == 0) {
            for (long i = 0; i < n; i++) y[i] = p * a[i] + q * b[i] + (r * d[i] + s * e[i]);
        } else {
            for (long i = 0; i < n; i++) y[i] += p * a[i] + q * b[i] + (r * d[i] + s * e[i]);
        }
    }
}

// y *= q times a, which may be NULL.
HB_INLINE void weigh(const float *a, float q, float *restrict y, long n) {
    if (a) {
        const float *restrict factors = a;
        for (long i = 0; i < n; i++) y[i] *= q * factors[i];
    } else if (q != 1.0f) {
        for (long i = 0; i < n; i++) y[i] *= q;
    }
}

HB_INLINE float dot(const float *restrict x, const float *restrict y, long n) {
    HB_REASSOCIATE
    float sum = 0;
    for (long i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

// y += c x; the sum of x g.
HB_INLINE float add_and_dot(const float *restrict g, const float *restrict x, float c, float *restrict y, long n) {
    HB_REASSOCIATE
    float sum = 0;
    for (long i = 0; i < n; i++) {
        sum += g[i] * x[i];
        y[i] += c * g[i];
    }
    return sum;
}

HB_KERNEL void hb_mix_kernels(const float *experts, const hb_mixture *mixture, const hb_mixing *sizes, long first,
                              long last, float *w) {
    const long taps = sizes->taps, inner = sizes->inner;
    for (long o = first; o < last; o++) {
        const float *factors = mixture->inputs ? mixture->inputs + o / sizes->group * inner : 0;
        const float q = mixture->outputs ? mixture->outputs[o] : 1.0f;
        for (long t = 0; t < taps; t++) {
            const long at = (o * taps + t) * inner;
            mix(experts + at, sizes->size, sizes->experts, mixture->coefficients + t, taps, w + at, inner);
            weigh(factors, q, w + at, inner);
        }
    }
}

HB_KERNEL void hb_mixed_kernel_gradients(const float *experts, const hb_mixture *mixture, const hb_mixing *sizes,
                                         const float *dw, long first, long last, float *dexperts,
                                         const hb_mixture_gradient *gradient, float *room) {
    const long taps = sizes->taps, inner = sizes->inner;
    float *restrict sum = room, *restrict g = room + inner;
    for (long o = first; o < last; o++) {
        const long column = o / sizes->group * inner;
        const float *factors = mixture->inputs ? mixture->inputs + column : 0;
        const float q = mixture->outputs ? mixture->outputs[o] : 1.0f;
        for (long t = 0; t < taps; t++) {
            const long at = (o * taps + t) * inner;
            const float *run = dw + at;
            if (factors || mixture->outputs) {
                mix(experts + at, sizes->size, sizes->experts, mixture->coefficients + t, taps, sum, inner);
                for (long i = 0; i < inner; i++) g[i] = run[i];
                if (factors) {
                    float *restrict to = gradient->inputs + column;
                    for (long i = 0; i < inner; i++) to[i] += q * (sum[i] * g[i]);
                    for (long i = 0; i < inner; i++) g[i] *= factors[i];
                }
                if (mixture->outputs) {
                    gradient->outputs[o] += dot(sum, g, inner);
                    for (long i = 0; i < inner; i++) g[i] *= q;
                }
                run = g;
            }
            for (long k = 0; k < sizes->experts; k++)
                gradient->coefficients[k * taps + t] += add_and_dot(
                    run, experts + k * sizes->size + at, mixture->coefficients[k * taps + t],
                    dexperts + k * sizes->size + at, inner);
        }
    }
}
