#pragma once
// 3x3 convolutions of stride 1 and padding 1 as products over tiles of 4x4 outputs (Winograd's F(4x4, 3x3); Lavin and
// Gray, arXiv 1509.09308), for processors with AVX-512. A tile has 36 places; each is a product over channels, so that
// 36 multiplications stand for 144. Every element of a result depends on its own tile alone.

#define HB_WINOGRAD_PLACES 36

// A map and its tiles, numbered image by image, row by row.
typedef struct {
    long height, width;
    // Tiles in a column and in a row of them.
    long down, across;
} hb_tiling;

// Elements from one place to the next where each has so many: one line of the first-level cache more, because places
// that lie a multiple of 4096 bytes apart would share one set of it. The distance in every array [place]... below.
static inline long hb_winograd_distance(long elements) { return elements + 16; }

// Whether this processor has what the functions below need.
int hb_winograd(void);

// The tiles first ..< first + count of x [images, height, width, channels] with a margin of one pixel, transformed:
// v [place][tile][channel], places `distance` apart, so that several calls can fill one array.
void hb_winograd_input(const float *x, const hb_tiling *map, long channels, long first, long count, float *v,
                       long distance);
// The same of a gradient of the outputs, without a margin.
void hb_winograd_gradient(const float *g, const hb_tiling *map, long channels, long first, long count, float *v,
                          long distance);
// The outputs of those tiles for `width` channels from `channel` on, from m [place][tile][width].
void hb_winograd_output(const float *m, const hb_tiling *map, long channels, long channel, long width, long first,
                        long count, const float *bias, float *y);

// Panel of 32 columns from `column` on, or 16 where no more are left, of a weight [outputs, 3, 3, inputs]:
// u [place][inner][16 or 32], zeros beyond the last column. Columns are outputs; or, `turned`, inputs, the kernel turned by half a
// circle, which gives the gradient of the input.
void hb_winograd_weight(const float *w, long outputs, long inputs, int turned, long column, float *u);
// Columns of the panel that starts at `column` of so many.
long hb_winograd_panel(long columns, long column);
// m [place][tile][panel] = v [place][tile][inner] u.
void hb_winograd_product(long tiles, long inner, const float *v, const float *u, long panel, float *m);

// For rows of the weight gradient: m [place][row][inputs] (+)= sum over tiles of g [place][tile][outputs] from column
// `output` on times v [place][tile][inputs].
void hb_winograd_sum(long tiles, long outputs, long output, long rows, long inputs, const float *g, const float *v,
                     int accumulate, float *m);
// The weight gradient dw [rows, 3, 3, inputs] of m [place][row][inputs].
void hb_winograd_weight_gradient(const float *m, long rows, long inputs, float *dw);
