#include "PeakRate.h"
#include "Build.h"
#include "Vector.h"

typedef float lanes __attribute__((vector_size(64)));

// Chains hide the latency of a multiply-add: twelve of one register each for AVX-512, where two units may take four cycles; six of
// two or four registers each where vectors are narrower, so that all chains stay in registers.
#define DEFINE_ROUNDS(NAME, CHAINS)                                                                                \
    HB_KERNEL static void NAME(long rounds, float *sink) {                                                         \
        lanes s[CHAINS], a, b;                                                                                     \
        for (int i = 0; i < 16; i++) {                                                                             \
            a[i] = 0.999f + 1e-6f * (float)i;                                                                      \
            b[i] = 1e-3f;                                                                                          \
        }                                                                                                          \
        for (int k = 0; k < CHAINS; k++) s[k] = b * (float)k;                                                      \
        for (long r = 0; r < rounds; r++) {                                                                        \
            _Pragma("clang loop unroll(full)") for (int k = 0; k < CHAINS; k++) s[k] = s[k] * a + b;               \
        }                                                                                                          \
        float sum = 0.0f;                                                                                          \
        for (int k = 0; k < CHAINS; k++)                                                                           \
            for (int i = 0; i < 16; i++) sum += s[k][i];                                                           \
        *sink = sum;                                                                                               \
    }

DEFINE_ROUNDS(wide_rounds, 12)
DEFINE_ROUNDS(narrow_rounds, 6)

long hb_multiply_add_rounds(long rounds, float *sink) {
    if (hb_instruction_level() >= 4) {
        wide_rounds(rounds, sink);
        return 12 * 16;
    }
    narrow_rounds(rounds, sink);
    return 6 * 16;
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
