#pragma once
#include "Window.h"

// Patches of maps read at places that offsets move: offsets [pixel][offset group][tap][dy, dx] and mask [pixel][offset
// group][tap] (may be NULL for ones), both for all pixels of the result. A corner outside the map counts as zero; at
// whole pixels the derivative by a place is that towards larger ones. A place that is no number gives what is no number.

// The patches of output rows first_row ..< last_row: [pixel][tap][count] channels from first_channel on, times the mask.
void hb_deform_gather(const float *x, const float *offsets, const float *mask, float *patches, const hb_window *w,
                      long offset_groups, long first_row, long last_row, long first_channel, long count);
void hb_deform_gather_double(const double *x, const double *offsets, const double *mask, double *patches,
                             const hb_window *w, long offset_groups, long first_row, long last_row,
                             long first_channel, long count);
// The adjoint, for channels of one offset group: adds each patch element's gradient to where it was read from (dx may be
// NULL), and writes the derivatives by dy, dx and mask to sums [pixel][tap][3], of all pixels (may be NULL).
void hb_deform_scatter(const float *g, const float *x, const float *offsets, const float *mask, float *dx, float *sums,
                       const hb_window *w, long offset_groups, long first_row, long last_row, long first_channel,
                       long count);
void hb_deform_scatter_double(const double *g, const double *x, const double *offsets, const double *mask, double *dx,
                              double *sums, const hb_window *w, long offset_groups, long first_row, long last_row,
                              long first_channel, long count);
// The sums of `slices` slices of one offset group, `distance` apart and added in order, become the gradients of its
// offsets and mask (may be NULL) for some pixels.
void hb_deform_collect(const float *sums, long slices, long distance, float *d_offsets, float *d_mask, long taps,
                       long offset_groups, long group, long first_pixel, long last_pixel);
void hb_deform_collect_double(const double *sums, long slices, long distance, double *d_offsets, double *d_mask,
                              long taps, long offset_groups, long group, long first_pixel, long last_pixel);
