#pragma once
// Products whose right operand was brought into panels of 32 columns beforehand, for processors with AVX-512.

// Whether this processor has what the functions below need.
int hb_packed_products(void);
// Columns per panel.
long hb_panel_columns(void);
// Panels first ..< last of B [inner, columns], or of its transpose where b holds [columns, inner]; `stride` is that of
// b's rows. Panel p goes to packed + p * 32 * inner: `inner` rows of 32, zeros beyond the last column.
void hb_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                    float *packed);
// C [rows, columns] = A [rows, inner] B + bias, or + C. Every element is one sum in order of the inner index, whatever
// the number of rows. `transposed`: a holds A's transpose. `bias` may be absent. B is packed, or, when `b_stride` is not
// 0, as it stands: rows `b_stride` apart.
void hb_packed_product(long rows, long columns, long inner, const float *a, long a_stride, int transposed,
                       const float *b, long b_stride, const float *bias, int accumulate, float *c, long c_stride);
