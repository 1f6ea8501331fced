#pragma once

// Row-major C = alpha op(A) op(B) + beta C in double precision, m x n with inner extent k: the plain reference. oneDNN
// does single precision.
void hb_matrix_product_double(int transpose_a, int transpose_b, long m, long n, long k, double alpha, const double *a,
                              long lda, const double *b, long ldb, double beta, double *c, long ldc);
