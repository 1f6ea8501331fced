#pragma once

// out[r, c] = a op b, with a at row stride ar and column stride ac (0 or 1), b likewise, out contiguous.
#define HB_DECLARE_BROADCAST(name)                                                            \
    void hb_##name(const float *a, long ar, long ac, const float *b, long br, long bc, float *out, \
                   long rows, long columns);
HB_DECLARE_BROADCAST(add)
HB_DECLARE_BROADCAST(subtract)
HB_DECLARE_BROADCAST(multiply)
HB_DECLARE_BROADCAST(divide)
#undef HB_DECLARE_BROADCAST

// y[r, c] += row[c]
void hb_add_row(const float *row, float *y, long rows, long columns);
// y = x times `row`, row by row; y may be x.
void hb_multiply_rows(const float *x, const float *row, float *y, long rows, long columns);
