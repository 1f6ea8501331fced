#pragma once

// The rows or columns first ..< end of a map.
typedef struct {
    long first, end;
} hb_bin;

// One row of means: y[j] = the mean over the pixels of `row` and columns[j], for a map of `width` pixels a row.
void hb_average_bins(const float *x, float *y, long width, long channels, hb_bin row, const hb_bin *columns,
                     long out_width);
void hb_average_bins_double(const double *x, double *y, long width, long channels, hb_bin row, const hb_bin *columns,
                            long out_width);
// Adds to dx, one image, the share of each of its pixels in every mean.
void hb_average_bins_gradient(const float *g, float *dx, long width, long channels, const hb_bin *rows,
                              long out_height, const hb_bin *columns, long out_width);
void hb_average_bins_gradient_double(const double *g, double *dx, long width, long channels, const hb_bin *rows,
                                     long out_height, const hb_bin *columns, long out_width);
