#pragma once
#include "Winograd.h"

// Convolutions that step over every other pixel, kernels of 3x3 or 4x4 with padding 1, as products over tiles of 4x4 results.
// Pixels of even numbers along an axis meet the odd taps, and those of odd numbers the even ones: each such phase is a
// convolution of stride 1 with one or two taps, which F(4, 2) does with 4 or 5 multiplications for 4 results. Points are 0,
// +-3/4, 2 and infinity for all phases, so that their products are summed before they are transformed back. A tile has 5x5
// places; where an axis has one tap there are 4, and the place of infinity is left out. For a 3x3 kernel 81
// multiplications stand for 144, for a 4x4 one 100 for 256.
//
// Every element of a result depends on its own tile alone.

#define HB_STRIDED_PLACES 25

// The samples of an axis that tile t reads: `count` of them, 4 or 5, from first + tile * t on, `apart` from each other.
typedef struct {
    long first, apart, tile, count;
} hb_samples;

// Where transformed tiles go: v [place][panel][tile][channel of the panel], panels of `width` channels, 16 or 32, of `total`
// tiles, places `distance` apart.
typedef struct {
    float *v;
    long total, width, distance;
} hb_strided_target;

// The tiles first ..< first + count of maps x with pixels `stride` apart, of so many channels, a multiple of 16.
void hb_strided_input(const float *x, const hb_tiling *map, long stride, long channels, hb_samples rows,
                      hb_samples columns, long first, long count, hb_strided_target to);
// The adjoint of what is done to results: tiles of 4x4 pixels of maps g, to 5x5 places.
void hb_strided_gradient(const float *g, const hb_tiling *map, long stride, long channels, long first, long count,
                         hb_strided_target to);

// Where results go: maps of so many rows and columns, elements from line to line and from pixel to pixel; map n is at
// n / slices * volume + n % slices * slice.
typedef struct {
    long rows, columns, line, step, slices, volume, slice;
} hb_strided_result;

// The results of those tiles, of m [place][tile][panel] at `down` by `across` places, `distance` apart.
void hb_strided_output(const float *m, long distance, long panel, int down, int across, const hb_tiling *map,
                       const hb_strided_result *to, long channels, long first, long count, const float *bias, float *y);

// The one or two taps of an axis, as elements from the first tap of the kernel; `second` is below 0 where there is none.
typedef struct {
    long first, second;
} hb_strided_taps;

// u [row of place][panel] of the taps of a phase, for `inner` rows of a weight, `inner_stride` apart, from whose columns so
// many are taken, zeros beyond them. `places` has the element of u at which each place's first row begins.
void hb_strided_weight(const float *w, long inner, long inner_stride, hb_strided_taps rows, hb_strided_taps columns,
                       long count, long panel, const long *places, float *u);
// The adjoint, for the gradient dw of a phase's taps, `count` outputs that are `stride` apart of so many inputs, a multiple of
// 16: m has the element of each place at places[place], outputs widths[place] apart.
void hb_strided_weight_gradient(const float *m, const long *places, const long *widths, long count, long inputs,
                                hb_strided_taps rows, hb_strided_taps columns, long stride, float *dw);
