#include "Dropout.h"
#include "Lanes.h"

// Philox 4x32-10, sixteen blocks side by side: words[4 i + w] is word w of block `block + i`.
HB_INLINE void philox16(uint64_t key, uint64_t stream, uint64_t block, uint32_t *restrict words) {
    for (int i = 0; i < 16; i++) {
        uint64_t counter = block + (uint64_t)i;
        uint32_t x0 = (uint32_t)counter, x1 = (uint32_t)(counter >> 32);
        uint32_t x2 = (uint32_t)stream, x3 = (uint32_t)(stream >> 32);
        uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma clang loop unroll(full)
        for (int round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)x0 * 0xD2511F53u, p1 = (uint64_t)x2 * 0xCD9E8D57u;
            x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
            x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
            x1 = (uint32_t)p1;
            x3 = (uint32_t)p0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        words[4 * i] = x0;
        words[4 * i + 1] = x1;
        words[4 * i + 2] = x2;
        words[4 * i + 3] = x3;
    }
}

HB_KERNEL void hb_dropout(uint64_t key, uint64_t stream, uint64_t block, uint32_t threshold, float scale,
                          const float *restrict x, float *restrict y, long count) {
    uint32_t words[64];
    long i = 0;
    for (; i + 64 <= count; i += 64, block += 16) {
        philox16(key, stream, block, words);
        for (int j = 0; j < 64; j++) y[i + j] = words[j] >= threshold ? scale * x[i + j] : 0.0f;
    }
    if (i < count) {
        philox16(key, stream, block, words);
        for (int j = 0; i + j < count; j++) y[i + j] = words[j] >= threshold ? scale * x[i + j] : 0.0f;
    }
}
