#include "PeakRate.h"
#include "Vector.h"

typedef float lanes __attribute__((vector_size(64)));

HB_KERNEL long hb_multiply_add_rounds(long rounds, float *sink) {
    // Twelve chains hide the latency of a multiply-add on every current processor.
    lanes s[12], a, b;
    for (int i = 0; i < 16; i++) {
        a[i] = 0.999f + 1e-6f * (float)i;
        b[i] = 1e-3f;
    }
    for (int k = 0; k < 12; k++) s[k] = b * (float)k;
    for (long r = 0; r < rounds; r++) {
        s[0] = s[0] * a + b;
        s[1] = s[1] * a + b;
        s[2] = s[2] * a + b;
        s[3] = s[3] * a + b;
        s[4] = s[4] * a + b;
        s[5] = s[5] * a + b;
        s[6] = s[6] * a + b;
        s[7] = s[7] * a + b;
        s[8] = s[8] * a + b;
        s[9] = s[9] * a + b;
        s[10] = s[10] * a + b;
        s[11] = s[11] * a + b;
    }
    float sum = 0.0f;
    for (int k = 0; k < 12; k++)
        for (int i = 0; i < 16; i++) sum += s[k][i];
    *sink = sum;
    return 12 * 16;
}

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include <immintrin.h>
#include "PackedProduct.h"

#define UNROLLED _Pragma("clang loop unroll(full)")

__attribute__((target("avx512f,avx512bf16"))) static void pair_rounds(long rounds, float *sink) {
    const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f7f3f7f), b = (__m512bh)_mm512_set1_epi32(0x3a833a83);
    __m512 s[12], sum = _mm512_setzero_ps();
    UNROLLED for (int k = 0; k < 12; k++) s[k] = _mm512_set1_ps((float)k);
    for (long r = 0; r < rounds; r++) UNROLLED for (int k = 0; k < 12; k++) s[k] = _mm512_dpbf16_ps(s[k], a, b);
    UNROLLED for (int k = 0; k < 12; k++) sum = _mm512_add_ps(sum, s[k]);
    *sink = _mm512_reduce_add_ps(sum);
}

long hb_pair_multiply_add_rounds(long rounds, float *sink) {
    if (!hb_pair_products()) return 0;
    pair_rounds(rounds, sink);
    return 12 * 32;
}
#else
long hb_pair_multiply_add_rounds(long rounds, float *sink) {
    (void)rounds, (void)sink;
    return 0;
}
#endif
