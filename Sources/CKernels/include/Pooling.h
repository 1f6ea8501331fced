#pragma once
#include "Window.h"
#include <stdint.h>

// The largest element under each window, and which tap it is: the first of equal ones, and a NaN before any number.
// Rows count output rows of the batch, slice by slice. Taps count slices, rows and columns of the window.
void hb_max_pool(const float *x, float *y, uint16_t *taps, const hb_window *window, long first_row, long last_row);
void hb_max_pool_double(const double *x, double *y, uint16_t *taps, const hb_window *window, long first_row,
                        long last_row);

// dx for whole images: each gradient goes to the element that was chosen.
void hb_max_pool_gradient(const float *g, const uint16_t *taps, float *dx, const hb_window *window, long first_image,
                          long last_image);
void hb_max_pool_gradient_double(const double *g, const uint16_t *taps, double *dx, const hb_window *window,
                                 long first_image, long last_image);
