#pragma once
// Products whose right operand was brought into panels of 32 columns beforehand, for processors with AVX-512, AVX2 or
// NEON, which all give the same bits: every element of a result is one sum in order of the inner index, each step a
// multiply-add with one rounding, whatever the number of rows and columns.

// Whether this processor has what the functions below need, and whether it has it in AVX-512.
int hb_packed_products(void);
int hb_wide_products(void);
// Panels first ..< last of B [inner, columns], or of its transpose where b holds [columns, inner]; `stride` is that of
// b's rows. Panel p goes to packed + p * 32 * inner: `inner` rows of 32, zeros beyond the last column.
void hb_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                    float *packed);
// C [rows, columns] = A [rows, inner] B + bias, or + C. `bias` may be absent.
void hb_packed_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                       const float *bias, int accumulate, float *c, long c_stride);
// C [m, n] += A^T B for A [rows, m] and B [rows, n], neither packed.
void hb_add_transposed_product(long m, long n, long rows, const float *a, long a_stride, const float *b, long b_stride,
                               float *c, long c_stride);

// The same with operands rounded to bfloat16 and sums in single precision. Operands are read as pairs of neighbouring
// inner indices, each pair as wide as a float, so a panel holds (inner + 1) / 2 rows.
int hb_pair_products(void);
void hb_pack_pair_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                         float *packed);
void hb_pair_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                     const float *bias, int accumulate, float *c, long c_stride);
void hb_add_transposed_pair_product(long m, long n, long rows, const float *a, long a_stride, const float *b,
                                    long b_stride, float *c, long c_stride);
