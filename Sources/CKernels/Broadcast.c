#include "Broadcast.h"
#include "Vector.h"

// The column strides are constants in each of the three inner loops, so each vectorises.
#define HB_BROADCAST(name, op)                                                                     \
    HB_KERNEL void hb_##name(const float *a, long ar, long ac, const float *b, long br, long bc,   \
                             float *restrict out, long rows, long columns) {                       \
        for (long r = 0; r < rows; r++) {                                                          \
            const float *x = a + r * ar, *y = b + r * br;                                          \
            float *o = out + r * columns;                                                          \
            if (ac == 1 && bc == 1) {                                                              \
                for (long c = 0; c < columns; c++) o[c] = x[c] op y[c];                            \
            } else if (ac == 1) {                                                                  \
                float s = *y;                                                                      \
                for (long c = 0; c < columns; c++) o[c] = x[c] op s;                               \
            } else if (bc == 1) {                                                                  \
                float s = *x;                                                                      \
                for (long c = 0; c < columns; c++) o[c] = s op y[c];                               \
            } else {                                                                               \
                float s = *x op *y;                                                                \
                for (long c = 0; c < columns; c++) o[c] = s;                                       \
            }                                                                                      \
        }                                                                                          \
    }

HB_BROADCAST(add, +)
HB_BROADCAST(subtract, -)
HB_BROADCAST(multiply, *)
HB_BROADCAST(divide, /)

HB_KERNEL void hb_add_row(const float *restrict row, float *restrict y, long rows, long columns) {
    for (long r = 0; r < rows; r++) {
        float *o = y + r * columns;
        for (long c = 0; c < columns; c++) o[c] += row[c];
    }
}

HB_KERNEL void hb_multiply_rows(const float *x, const float *row, float *y, long rows, long columns) {
    for (long r = 0; r < rows; r++) {
#pragma clang loop vectorize(assume_safety)
        for (long c = 0; c < columns; c++) y[r * columns + c] = x[r * columns + c] * row[c];
    }
}
