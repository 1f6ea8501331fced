#include "Channels.h"
#include "Vector.h"

// A copy whose length the compiler knows becomes one or two moves; narrow gates make most rows that short.
#define HB_COPY_FIXED(n)                                                                             \
    case n:                                                                                          \
        for (long r = 0; r < rows; r++) memcpy(to + r * to_stride, from + r * from_stride, 4 * (n)); \
        return;

HB_KERNEL void hb_copy_columns(const float *restrict from, long from_stride, float *restrict to, long to_stride,
                               long rows, long columns) {
    if (from_stride == columns && to_stride == columns) {
        memcpy(to, from, 4 * (size_t)(rows * columns));
        return;
    }
    switch (columns) {
        HB_COPY_FIXED(1)
        HB_COPY_FIXED(2)
        HB_COPY_FIXED(4)
        HB_COPY_FIXED(8)
        HB_COPY_FIXED(16)
        HB_COPY_FIXED(32)
        HB_COPY_FIXED(64)
        default: break;
    }
    if (columns < 16) {
        for (long r = 0; r < rows; r++) {
            for (long c = 0; c < columns; c++) to[r * to_stride + c] = from[r * from_stride + c];
        }
        return;
    }
    // Whole blocks of 16, then one that overlaps them and ends at the last column.
    for (long r = 0; r < rows; r++) {
        const float *source = from + r * from_stride;
        float *target = to + r * to_stride;
        for (long c = 0; c + 16 <= columns; c += 16) memcpy(target + c, source + c, 64);
        memcpy(target + columns - 16, source + columns - 16, 64);
    }
}

HB_KERNEL void hb_interleave(const float *restrict a, const float *restrict b, float *restrict to, long count) {
    for (long i = 0; i < count; i++) {
        to[2 * i] = a[i];
        to[2 * i + 1] = b[i];
    }
}

HB_KERNEL void hb_deinterleave(const float *restrict from, float *restrict a, float *restrict b, long count) {
    for (long i = 0; i < count; i++) {
        a[i] = from[2 * i];
        b[i] = from[2 * i + 1];
    }
}
