#pragma once
// The functions of PackedProduct.h for AVX2 and for NEON. They give the same bits as those of AVX-512, and are named here so
// that tests and measurements can ask for them where both exist; everything else asks for those of PackedProduct.h.

// Whether this processor has what the functions below need.
int hb_narrow_products(void);
// As hb_pack_panels, but each panel is two halves of 16 columns one after the other.
void hb_narrow_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                           float *packed);
void hb_narrow_packed_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                              const float *bias, int accumulate, float *c, long c_stride);
void hb_narrow_add_transposed_product(long m, long n, long rows, const float *a, long a_stride, const float *b,
                                      long b_stride, float *c, long c_stride);
