#pragma once
// Sixteen floats at a time, for kernels whose rows are too short for the compiler's own vectorising.
#include "Vector.h"

typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t i16 __attribute__((vector_size(64), aligned(4), may_alias));

#define HB_LOAD(p) (*(const v16 *)(p))
#define HB_STORE(p, v) (*(v16 *)(p) = (v))
#define HB_SPLAT(s) ((v16){} + (s))

// Vectors go into and out of inline functions through pointers, which vanish when inlined: passed by value they would
// make the compiler warn of calling conventions that differ between instruction sets. The macros below hide this.
#define HB_GIVES(call) __extension__({ v16 result_; call; result_; })

// The first n < 16 elements, the other lanes filled. Copies of fixed sizes become single instructions.
HB_INLINE void get_tail(v16 *out, const float *p, long n, float fill) {
    // The usual one in registers: a load of what smaller stores have just written waits for them.
    if (n == 8) {
        v8 low = *(const v8 *)p, high = (v8){} + fill;
        *out = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        return;
    }
    float t[16];
    HB_STORE(t, HB_SPLAT(fill));
    long i = 0;
    if (n & 8) { memcpy(t, p, 32); i = 8; }
    if (n & 4) { memcpy(t + i, p + i, 16); i += 4; }
    if (n & 2) { memcpy(t + i, p + i, 8); i += 2; }
    if (n & 1) t[i] = p[i];
    *out = HB_LOAD(t);
}

HB_INLINE void put_tail(float *p, const v16 *v, long n) {
    if (n == 8) {
        v16 all = *v;
        *(v8 *)p = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7);
        return;
    }
    float t[16];
    HB_STORE(t, *v);
    long i = 0;
    if (n & 8) { memcpy(p, t, 32); i = 8; }
    if (n & 4) { memcpy(p + i, t + i, 16); i += 4; }
    if (n & 2) { memcpy(p + i, t + i, 8); i += 2; }
    if (n & 1) p[i] = t[i];
}

HB_INLINE void get_some(v16 *out, const float *p, long n, float fill) {
    if (n >= 16) *out = HB_LOAD(p);
    else get_tail(out, p, n, fill);
}

HB_INLINE void put_some(float *p, const v16 *v, long n) {
    if (n >= 16) HB_STORE(p, *v);
    else put_tail(p, v, n);
}

#define load_tail(p, n, fill) HB_GIVES(get_tail(&result_, p, n, fill))
#define load_some(p, n, fill) HB_GIVES(get_some(&result_, p, n, fill))
#define store_tail(p, v, n) __extension__({ v16 stored_ = (v); put_tail(p, &stored_, n); })
#define store_some(p, v, n) __extension__({ v16 stored_ = (v); put_some(p, &stored_, n); })

// mask ? a : b, lane by lane.
#define lane_select(mask, a, b) ((v16)(((mask) & (i16)(a)) | (~(mask) & (i16)(b))))
// The larger of both; b where either is not a number.
#define lane_max(a, b) __extension__({ v16 a_ = (a), b_ = (b); lane_select((i16)(a_ > b_), a_, b_); })
#define lane_min(a, b) __extension__({ v16 a_ = (a), b_ = (b); lane_select((i16)(a_ < b_), a_, b_); })

HB_INLINE float sum_of_lanes(const v16 *from) {
    v16 v = *from;
    v = v + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    v = v + __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    return (v[0] + v[2]) + (v[1] + v[3]);
}
#define lane_sum(v) __extension__({ v16 summed_ = (v); sum_of_lanes(&summed_); })

HB_INLINE float largest_of_lanes(const v16 *from) {
    v16 v = *from;
    v = lane_max(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    v = lane_max(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
    return scalar_max(scalar_max(v[0], v[1]), scalar_max(v[2], v[3]));
}
#define lane_largest(v) __extension__({ v16 compared_ = (v); largest_of_lanes(&compared_); })

// The sums of neighbouring lanes: those of a in the lower half, those of b in the upper.
#define pair_sums(a, b)                                                                                     \
    (__builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)               \
     + __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31))

// Lane r of the result is the sum over the lanes of s[r].
HB_INLINE void sums_of_16(const v16 *s, float *sums) {
    v16 t[8];
    for (int i = 0; i < 8; i++) t[i] = pair_sums(s[2 * i], s[2 * i + 1]);
    for (int i = 0; i < 4; i++) t[i] = pair_sums(t[2 * i], t[2 * i + 1]);
    t[0] = pair_sums(t[0], t[1]);
    t[1] = pair_sums(t[2], t[3]);
    HB_STORE(sums, pair_sums(t[0], t[1]));
}

// As scalar_exp; what is not a number stays so.
HB_INLINE void exp_of_lanes(v16 *out, const v16 *in) {
    v16 x = lane_min(HB_SPLAT(88.7f), lane_max(HB_SPLAT(-87.3f), *in));
    v16 n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
    v16 r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    v16 p = HB_SPLAT(1.0f / 5040.0f);
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    *out = p * (v16)((__builtin_convertvector(n, i16) + 127) << 23);
}
#define lane_exp(v) __extension__({ v16 power_ = (v); HB_GIVES(exp_of_lanes(&result_, &power_)); })
