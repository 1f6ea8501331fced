#pragma once
#include "Window.h"

// The mean of the elements under each window; the sum over all taps' number where zeros around the map count too. Rows
// count output rows of the batch, slice by slice.
void hb_average_pool(const float *x, float *y, const hb_window *window, int counts_padding, long first_row,
                     long last_row);
void hb_average_pool_double(const double *x, double *y, const hb_window *window, int counts_padding, long first_row,
                            long last_row);

// dx for whole images: each gradient is shared among the elements that were under the window.
void hb_average_pool_gradient(const float *g, float *dx, const hb_window *window, int counts_padding, long first_image,
                              long last_image);
void hb_average_pool_gradient_double(const double *g, double *dx, const hb_window *window, int counts_padding,
                                     long first_image, long last_image);
