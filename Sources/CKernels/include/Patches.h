#pragma once
#include "Window.h"

// Patches of some output rows (row = (image * out_depth + slice) * out_height + row of the output): one patch per output
// pixel, [kernel_depth][kernel_height][kernel_width][count] from `first_channel` of x on, zero outside the map.
void hb_gather_patches(const float *x, float *patches, const hb_window *window, long first_row, long last_row,
                       long first_channel, long count);
void hb_gather_patches_double(const double *x, double *patches, const hb_window *window, long first_row, long last_row,
                              long first_channel, long count);

// The adjoint for maps of one slice: adds each patch element to the element of dx that it was read from.
void hb_scatter_patches(const float *patches, float *dx, const hb_window *window, long first_row, long last_row,
                        long first_channel, long count);
void hb_scatter_patches_double(const double *patches, double *dx, const hb_window *window, long first_row,
                               long last_row, long first_channel, long count);
