#pragma once

// What one output row or column is made of: (1 - fraction) x[first] + fraction x[second].
typedef struct {
    long first, second;
    double fraction;
} hb_mix;

// One image [height, width, channels] -> [out_height, out_width, channels] by linear interpolation along both axes.
void hb_resize(const float *x, float *y, long width, long channels, const hb_mix *rows, long out_height,
               const hb_mix *columns, long out_width);
void hb_resize_double(const double *x, double *y, long width, long channels, const hb_mix *rows, long out_height,
                      const hb_mix *columns, long out_width);

// The adjoint: adds to dx, which the caller has cleared.
void hb_resize_gradient(const float *g, float *dx, long width, long channels, const hb_mix *rows, long out_height,
                        const hb_mix *columns, long out_width);
void hb_resize_gradient_double(const double *g, double *dx, long width, long channels, const hb_mix *rows,
                               long out_height, const hb_mix *columns, long out_width);
