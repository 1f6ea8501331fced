#include "RepeatedChannels.h"
#include "Vector.h"

// Loops over a constant number of repetitions are unrolled and vectorised.
#define HB_REPEAT(T)                                                                                  \
    case T:                                                                                           \
        for (long i = 0; i < count; i++)                                                              \
            for (long k = 0; k < T; k++) y[T * i + k] = x[i];                                         \
        break;

HB_KERNEL void hb_repeat_channels(const float *restrict x, float *restrict y, long rows, long columns, long times) {
    const long count = rows * columns;
    switch (times) {
        HB_REPEAT(1) HB_REPEAT(2) HB_REPEAT(3) HB_REPEAT(4) HB_REPEAT(6)
        default:
            for (long i = 0; i < count; i++)
                for (long k = 0; k < times; k++) y[times * i + k] = x[i];
    }
}

#define HB_GATHER(T)                                                                                  \
    case T:                                                                                           \
        for (long i = 0; i < count; i++) {                                                            \
            float sum = 0.0f;                                                                         \
            for (long k = 0; k < T; k++) sum += g[T * i + k];                                         \
            dx[i] = sum;                                                                              \
        }                                                                                             \
        break;

HB_KERNEL void hb_repeat_channels_gradient(const float *restrict g, float *restrict dx, long rows, long columns,
                                           long times) {
    const long count = rows * columns;
    switch (times) {
        HB_GATHER(1) HB_GATHER(2) HB_GATHER(3) HB_GATHER(4) HB_GATHER(6)
        default:
            for (long i = 0; i < count; i++) {
                float sum = 0.0f;
                for (long k = 0; k < times; k++) sum += g[times * i + k];
                dx[i] = sum;
            }
    }
}
