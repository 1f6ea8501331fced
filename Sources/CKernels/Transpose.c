#include "Transpose.h"
#include "Lanes.h"

HB_KERNEL void hb_copy_strided(const float *restrict x, long row_x, long column_x, float *restrict y, long row_y,
                               long rows, long columns) {
    if (column_x == 1) {
        for (long r = 0; r < rows; r++) {
            const float *from = x + r * row_x;
            float *to = y + r * row_y;
            long c = 0;
            for (; c + 16 <= columns; c += 16) HB_STORE(to + c, HB_LOAD(from + c));
            if (c < columns) store_tail(to + c, load_tail(from + c, columns - c, 0.0f), columns - c);
        }
        return;
    }
    // Tiles small enough that the lines read and the lines written stay in the first-level cache.
    for (long r0 = 0; r0 < rows; r0 += 16) {
        const long r1 = r0 + 16 < rows ? r0 + 16 : rows;
        for (long c0 = 0; c0 < columns; c0 += 64) {
            const long c1 = c0 + 64 < columns ? c0 + 64 : columns;
            for (long r = r0; r < r1; r++)
                for (long c = c0; c < c1; c++) y[r * row_y + c] = x[r * row_x + c * column_x];
        }
    }
}
