#include "Rows.h"
#include "Vector.h"

#define HB_ROWS(T, suffix)                                                                                       \
    HB_KERNEL void hb_scatter_rows##suffix(const T *restrict g, const int32_t *restrict places, long rows,       \
                                           long columns, long first, long count, T *restrict dx) {               \
        for (long r = 0; r < rows; r++) {                                                                        \
            const T *from = g + r * columns + first;                                                             \
            T *to = dx + places[r] * columns + first;                                                            \
            for (long c = 0; c < count; c++) to[c] += from[c];                                                   \
        }                                                                                                        \
    }

HB_ROWS(float, )
HB_ROWS(double, _double)
