#include "KeptValues.h"
#include "Vector.h"

HB_KERNEL void hb_halve(const float *restrict x, uint16_t *restrict halves, long n) {
    for (long i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        // Half of the last place that stays is added, or a hair less where that place is even, so that a tie goes to even.
        const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
        // Rounding could carry the digits of a NaN into infinity.
        const uint32_t none = (bits >> 16) | 0x40;
        halves[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? none : rounded);
    }
}

HB_KERNEL void hb_widen(const uint16_t *restrict halves, float *restrict x, long n) {
    for (long i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)halves[i] << 16;
        memcpy(x + i, &bits, 4);
    }
}
