#pragma once

// The global filter on blocks of 16 channels. Neighbouring channels a, b travel as one complex number a + ib, so that
// two real transforms cost one complex one; eight such numbers are a row of 16 floats. With z = Z(k) and w = Z(-k) of
// the packed transform, filters A and B, P = (A + B) / 2 and M = (A - B) / 2, the packed result is
//   Y(k) = P z + M conj(w),  Y(-k) = conj(P) w + conj(M) conj(z).
// Bins are those of the half spectrum, [height, width / 2 + 1]; maps of the packed transform are [height, width].

// block[i, 0..<16] = x[i, 0..<channels], the rest of each row zero; rows of x are `stride` apart.
void hb_filter_gather(const float *x, long stride, long channels, float *block, long positions);
// x[i, 0..<channels] = block[i, 0..<channels].
void hb_filter_scatter(const float *block, float *x, long stride, long channels, long positions);
// From filters k[bin, channel, (re, im)], rows `stride` floats apart, the 64 coefficients of each bin that
// hb_filter_multiply takes, times `scale`, with conj(k) when `conjugate` is 1. In the columns 0 and width / 2 (even
// width) only the part of k that is Hermitian over rows counts.
void hb_filter_coefficients(const float *k, long stride, long channels, long height, long width, int conjugate,
                            float scale, float *coefficients);
// z = Y as above, in place.
void hb_filter_multiply(float *z, const float *coefficients, long height, long width);
// sums[bin, 0..<64] += the four lane-wise products that make G conj(X) for both channels of each pair.
void hb_filter_accumulate(const float *x, const float *g, float *sums, long height, long width);
// The filter's gradient from such sums: dk[bin, channel, (re, im)] = scale m G conj(X), m = 1 in the columns 0 and
// width / 2 (even width) and 2 elsewhere.
void hb_filter_finish(const float *sums, long height, long width, float scale, float *dk, long stride, long channels);

// y = wa a + wb b + wc c + wd d.
void hb_blend(const float *a, const float *b, const float *c, const float *d, float wa, float wb, float wc, float wd,
              float *y, long count);
// y += scale x.
void hb_add_scaled(const float *x, float scale, float *y, long count);
