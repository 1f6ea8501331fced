#include "MatrixProduct.h"
#include "Vector.h"

HB_KERNEL void hb_matrix_product_double(int transpose_a, int transpose_b, long m, long n, long k, double alpha,
                                        const double *a, long lda, const double *b, long ldb, double beta, double *c,
                                        long ldc) {
    HB_REASSOCIATE
    for (long i = 0; i < m; i++) {
        double *row = c + i * ldc;
        if (beta == 0.0) {
            for (long j = 0; j < n; j++) row[j] = 0.0;
        } else {
            for (long j = 0; j < n; j++) row[j] *= beta;
        }
        if (transpose_b && !transpose_a) {
            for (long j = 0; j < n; j++) {
                const double *x = a + i * lda, *y = b + j * ldb;
                double sum = 0.0;
                for (long p = 0; p < k; p++) sum += x[p] * y[p];
                row[j] += alpha * sum;
            }
        } else {
            for (long p = 0; p < k; p++) {
                double s = alpha * (transpose_a ? a[p * lda + i] : a[i * lda + p]);
                if (transpose_b) {
                    for (long j = 0; j < n; j++) row[j] += s * b[j * ldb + p];
                } else {
                    const double *y = b + p * ldb;
                    for (long j = 0; j < n; j++) row[j] += s * y[j];
                }
            }
        }
    }
}
