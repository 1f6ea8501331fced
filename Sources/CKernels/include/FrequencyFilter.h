#pragma once

// Half spectra of maps [height, width, channels] and what is done at each of their bins. Neighbouring channels a, b travel
// through a transform as one complex number a + ib, `pairs` of them, so that two real transforms cost one complex one; an
// odd last channel travels with zeros. Bins are those of the half spectrum, [height, width / 2 + 1], and a bin is a row of
// blocks of channels, the real parts of a block before its imaginary ones.
typedef struct {
    long height, width, channels, pairs;
    // Channels of a block.
    long block;
} hb_frequencies;

// packed[i][0 ..< 2 pairs] = x[i][0 ..< channels], the rest zero.
void hb_frequency_gather(const float *x, const hb_frequencies *sizes, float *packed);
// y = x + scale times the first channels of packed.
void hb_frequency_add(const float *x, const float *packed, float scale, const hb_frequencies *sizes, float *y);
// The rows of a packed spectrum [height, width, pairs], times `scale` in the columns that are their own mirror images, 0
// and width / 2 for an even width, and times `other` elsewhere. `room` has space for two rows of channels, one more each.
void hb_frequency_rows(const float *packed, const hb_frequencies *sizes, float scale, float other, float *room,
                       float *rows);
// The packed spectrum of the real maps whose half spectra are the rows, times `other` in columns that are not their own
// mirror images. In those that are only that part counts which is Hermitian over rows. `room` has space for four rows of
// channels, one more each.
void hb_frequency_packed(const float *rows, const hb_frequencies *sizes, float other, float *room, float *packed);

// x = max(x, 0).
void hb_frequency_rectify(float *x, long count);
// g = 0 where y is 0.
void hb_frequency_rectified_gradient(const float *y, float *g, long count);
// f = m s, complex, where m is z shrunk towards 0 by `threshold` in each part; so many rows of blocks. f may be s.
void hb_frequency_filter(const float *s, const float *z, float threshold, const hb_frequencies *sizes, long rows,
                         float *f);
// For the gradient d of f: z becomes its own gradient, d that of s by the product alone.
void hb_frequency_filter_gradient(const float *s, float *z, float *d, float threshold, const hb_frequencies *sizes,
                                  long rows);
