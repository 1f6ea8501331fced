#pragma once
// What every kernel file shares: the instruction-set clones and branch-free mathematics that loops vectorise.
#include <math.h>
#include <stdint.h>
#include <string.h>

// One function, compiled for several instruction sets, the best chosen at program start. With HORNBEAM_AVX2 defined there is
// nothing of AVX-512 in the program, so that a processor which has it measures what one without it would do.
#if defined(HORNBEAM_AVX2)
#define HB_KERNEL __attribute__((target("arch=x86-64-v3")))
#elif defined(__x86_64__) && defined(__linux__)
#define HB_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HB_KERNEL
#endif
#define HB_INLINE static inline __attribute__((always_inline))

// Lets a loop sum in any fixed order the compiler likes, which vectorising needs.
#define HB_REASSOCIATE _Pragma("clang fp reassociate(on)")

HB_INLINE float scalar_min(float a, float b) { return a < b ? a : b; }
HB_INLINE float scalar_max(float a, float b) { return a > b ? a : b; }

// e^x within 2 units in the last place for normal results; 0 below -87.3, infinity above 88.7 comes out as e^88.7.
HB_INLINE float scalar_exp(float x) {
    x = scalar_min(scalar_max(x, -87.3f), 88.7f);
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer.
    float shifted = x * 1.44269504f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f;  // ln 2 in two parts, so that the product is exact
    r = r - n * -2.12194440e-4f;
    // Taylor's polynomial on [-ln 2 / 2, ln 2 / 2].
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, 4);
    return p * scale;
}

// erf(x) within 4e-7: z P(z^2) / Q(z^2), the coefficients fitted to the smallest relative error on [0, 3.925], where
// erf is 1 to single precision.
HB_INLINE float scalar_erf(float x) {
    float z = scalar_min(scalar_max(x, -3.925f), 3.925f);
    float u = z * z;
    float p = 1.986947850696197e-08f;
    p = p * u + -1.9565816273825476e-06f;
    p = p * u + 0.0001421699853381142f;
    p = p * u + 0.003719131927937269f;
    p = p * u + 0.05063106492161751f;
    p = p * u + 0.20036399364471436f;
    p = p * u + 1.1283791065216064f;
    float q = 0.0009599553886801004f;
    q = q * u + 0.014389930292963982f;
    q = q * u + 0.11517951637506485f;
    q = q * u + 0.5108996033668518f;
    q = q * u + 1.0f;
    return z * p / q;
}

HB_INLINE float scalar_sigmoid(float x) { return 1.0f / (1.0f + scalar_exp(-x)); }

// The standard normal distribution function and density.
HB_INLINE float scalar_normal_cdf(float x) { return 0.5f + 0.5f * scalar_erf(x * 0.70710678f); }
HB_INLINE float scalar_normal_pdf(float x) { return 0.39894228f * scalar_exp(-0.5f * x * x); }
