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
    // Of volumes: a map is one of so many slices of the result, and what is read of a volume of `deep` slices for number s
    // of them is slice s * step + shift; where that is outside, zeros. Maps that are no slices have `slices` 0.
    long slices, deep, step, shift;
    // Of a dilated convolution: a map is one of the apart * apart phases of a map of `whole_height` x `whole_width`, the pixels
    // that lie `apart` rows and columns from each other; phases in rows follow each other. 1 where maps are whole.
    long apart, whole_height, whole_width;
} hb_tiling;

// Channels of a transformed tile lie in panels of so many, panel by panel: [place][panel][tile][channel of the panel]. A
// product then walks along memory, whatever the number of channels.
static inline long hb_winograd_width(long channels) { return channels > 16 ? 32 : 16; }
static inline long hb_winograd_panels(long channels) { return channels > 16 ? (channels + 31) / 32 : 1; }
// Elements from one place to the next where each has so many: one line of the first-level cache more, because places
// that lie a multiple of 4096 bytes apart would share one set of it.
static inline long hb_winograd_distance(long elements) { return elements + 16; }
// The same for so many transformed tiles.
static inline long hb_winograd_tiles(long tiles, long channels) {
    return hb_winograd_distance(tiles * hb_winograd_panels(channels) * hb_winograd_width(channels));
}

// Whether this processor has what the functions below need.
int hb_winograd(void);

// Where transformed tiles go: they become tiles `at` and following of the `total` ones of v, and their channels those from
// `channel` on, a multiple of 16, of so many `channels`.
typedef struct {
    float *v;
    long at, total, channel, channels;
} hb_tile_target;

// The tiles first ..< first + count of x [images, height, width, channels], pixels `stride` apart, with a margin of one
// pixel, transformed; of slices of volumes x [volumes, deep, height, width, channels] where the tiling has slices.
void hb_winograd_input(const float *x, const hb_tiling *map, long stride, long channels, long first, long count,
                       hb_tile_target to);
// The same of a gradient of the outputs, without a margin.
void hb_winograd_gradient(const float *g, const hb_tiling *map, long stride, long channels, long first, long count,
                          hb_tile_target to);
// The outputs of those tiles for channels channel ..< channel + width of y, from the columns of m [place][tile][panel]
// from the first on, places `distance` apart. The bias, which may be absent, starts with that of the first column.
void hb_winograd_output(const float *m, long distance, long panel, const hb_tiling *map, long channels, long channel,
                        long width, long first, long count, const float *bias, float *y);

// Panel of 32 columns from `column` on, or 16 where no more are left, of a weight [outputs, 3, 3, inputs]:
// u [place][inner][16 or 32], zeros beyond the last column. Columns are outputs; or, `turned`, inputs, the kernel turned
// by half a circle, which gives the gradient of the input.
void hb_winograd_weight(const float *w, long outputs, long inputs, int turned, long column, float *u);
// m [place][tile][panel] = v u for the panel of so many columns, of transformed tiles v of `inner` channels.
void hb_winograd_product(long tiles, long inner, const float *v, const float *u, long panel, float *m);
// The same at one place for all columns: m [place][panel of columns][tile][column] of u [panel of columns]...
void hb_winograd_place(int place, long tiles, long inner, const float *v, const float *u, long columns, float *m);

// m [tile][panel] = v u at one place, for v in panels of `width` channels, 16 or 32, [panel][tile][channel of the panel].
void hb_panel_product(long tiles, long width, long inner, const float *v, const float *u, long panel, float *m);
// m [output][input] (+)= the sum over tiles of g times v at one place, both in panels of such widths, which have rooms for so
// many tiles.
void hb_panel_sum(long tiles, long outputs, const float *g, long g_width, long g_total, long inputs, const float *v,
                  long v_width, long v_total, int accumulate, float *m);

// For the weight gradient: m [place][row][inputs] (+)= the sum over transformed tiles of g [outputs] times v [inputs].
void hb_winograd_sum(long tiles, long outputs, long inputs, const float *g, const float *v, int accumulate, float *m);
// The weight gradient dw [rows, 3, 3, inputs], taps `stride` apart, of m [place][row][inputs].
void hb_winograd_weight_gradient(const float *m, long rows, long inputs, long stride, float *dw);
