#pragma once
// 3x3 convolutions of single maps by tiles (`Winograd.h`), each with a kernel of its own. Kernels are made for a panel of 32
// columns and some inner channels, of experts that were brought together before, and transformed and used row by row of
// their places, so that what is made of them stays in a first-level cache and no kernel is ever in memory. Channels come in sixteens.

// The experts of a panel: p [inner][expert][tap][32 columns], `stride` elements from one inner channel to the next, and a
// sample's coefficients [expert][tap], or [expert] where they are the same for all taps, or NULL for an only expert that is
// the kernel; `factors` of the inner channels may be NULL.
typedef struct {
    const float *p;
    long stride, inner, experts;
    const float *coefficients;
    int per_tap;
    const float *factors;
} hb_expert_panel;

// Gathers the columns `column` ..< column + columns, 32 at most, of the inner channels first ..< first + count of experts
// [outputs, 3, 3, inputs], which are `size` elements apart. Columns are outputs; or, `turned`, inputs. Zeros beyond.
void hb_expert_panels(const float *experts, long size, long count_of_experts, long inputs, int turned, long column,
                      long columns, long first, long count, float *p);
// The same of cells [rows, width], `size` apart, of one tap: p [inner][cell][32], where all 32 columns are inside.
void hb_cell_panels(const float *cells, long size, long count_of_cells, long width, int turned, long column, long first,
                    long count, float *p);
// A sample's kernel w [tap][inner][32], taps `hb_winograd_distance` of a plane apart.
void hb_mixed_panel(const hb_expert_panel *panel, float *w);
// Row `row` of the places of the transformed kernel, u [six places][inner][32], but for the scale of each place, which
// `hb_winograd_scale` brings in later; `turned` by half a circle.
void hb_winograd_row(const float *w, long inner, int row, int turned, float *u);
// m [place][tile][32] (+)= v times the transformed kernel of w for some tiles of v, which has `width` channels in a panel and
// places `distance` apart. `room` has space for six places.
void hb_winograd_sample(long tiles, long inner, const float *v, long distance, long width, const float *w, int turned,
                        float *room, int accumulate, float *m);
// m times the scale of its place and the factors of its 32 columns, which may be NULL.
void hb_winograd_scale(long tiles, const float *factors, float *m);

// Gradients of kernels are made block by block: so many rows of 32 columns, and the elements of one.
#define HB_BLOCK_ROWS 8
#define HB_BLOCK 256

// Transformed tiles of a panel: places `distance` apart, tiles `width`.
typedef struct {
    const float *tiles;
    long distance, width;
} hb_tile_panel;

// m [place][row][32] = the sum over a sample's tiles of eight rows of g times 32 columns of v.
void hb_winograd_sample_sum(long tiles, const hb_tile_panel *g, const hb_tile_panel *v, float *m);
// The gradient d [tap][row][32] of eight rows and 32 columns of a sample's kernel, of those sums.
void hb_block_gradient(const float *m, float *d);

// A block of eight rows and 16 or 32 columns, which are one or two halves, of experts e [expert][tap][row][32].
typedef struct {
    const float *e;
    long experts, halves;
    int per_tap;
} hb_expert_block;

// What a sample multiplies the block with: coefficients as above, and factors of columns and of rows, which may be NULL.
typedef struct {
    const float *coefficients, *columns, *rows;
} hb_block_mixture;

// Adds to the gradients of a sample's coefficients, as sixteen sums each, [expert][tap][16] or [expert][16], and to those of
// the factors, of the gradient d of its kernel; d becomes that of the sum of the experts.
void hb_block_dots(const hb_expert_block *block, const hb_block_mixture *mixture, float *d, float *dcoefficients,
                   float *dcolumns, float *drows);
// Adds the sum over samples of coefficients, `stride` apart, times d, `distance` apart, to experts [outputs, 3, 3, inputs],
// `size` apart, from the block's first element on.
void hb_block_experts(const hb_expert_block *block, long samples, const float *d, long distance,
                      const float *coefficients, long stride, float *experts, long size, long inputs);
// The sums of sixteens.
void hb_lane_sums(const float *x, long count, float *sums);
// Brings a block together: e [expert][tap][row][32] of experts as above, from the block's first element on.
void hb_expert_block_of(const float *experts, long size, long count_of_experts, long inputs, long columns, float *e);
