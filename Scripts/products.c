// Compares the packed products of the kernels with plain loops: every element is a chain of multiply-adds in order of the
// inner index, so they must agree bit for bit on every processor. Built and run by check_cpus.py.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "PackedNarrowProduct.h"
#include "PackedProduct.h"

static float *filled(long count) {
    float *values = malloc((size_t)count * sizeof *values);
    for (long i = 0; i < count; i++) values[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return values;
}

static int differs(const char *what, long rows, long columns, long inner, const float *found, const float *expected) {
    if (!memcmp(found, expected, (size_t)(rows * columns) * sizeof *found)) return 0;
    printf("%s of %ld x %ld x %ld differs from a plain loop\n", what, rows, columns, inner);
    return 1;
}

static int check(long rows, long columns, long inner) {
    const long panels = (columns + 31) / 32;
    float *a = filled(rows * inner), *b = filled(inner * columns), *bias = filled(columns), *turned = filled(columns * inner);
    float *packed = filled(panels * 32 * inner), *c = filled(rows * columns), *plain = filled(rows * columns);
    float *g = filled(inner * columns), *gradient = filled(inner * columns);
    int wrong = 0;
    for (long p = 0; p < inner; p++)
        for (long j = 0; j < columns; j++) turned[j * inner + p] = b[p * columns + j];
    for (int transposed = 0; transposed < 2; transposed++) {
        for (long i = 0; i < rows; i++)
            for (long j = 0; j < columns; j++) {
                float sum = bias[j];
                for (long p = 0; p < inner; p++) sum = fmaf(a[i * inner + p], b[p * columns + j], sum);
                plain[i * columns + j] = sum;
            }
        hb_pack_panels(transposed ? turned : b, transposed ? inner : columns, transposed, inner, columns, 0, panels, packed);
        hb_packed_product(rows, columns, inner, a, inner, packed, bias, 0, c, columns);
        wrong |= differs("a product with bias", rows, columns, inner, c, plain);
        for (long i = 0; i < rows; i++)
            for (long j = 0; j < columns; j++)
                for (long p = 0; p < inner; p++)
                    plain[i * columns + j] = fmaf(a[i * inner + p], b[p * columns + j], plain[i * columns + j]);
        hb_packed_product(rows, columns, inner, a, inner, packed, 0, 1, c, columns);
        wrong |= differs("a product that is added", rows, columns, inner, c, plain);
    }
    memcpy(gradient, g, (size_t)(inner * columns) * sizeof *g);
    for (long p = 0; p < inner; p++)
        for (long j = 0; j < columns; j++)
            for (long i = 0; i < rows; i++)
                g[p * columns + j] = fmaf(a[i * inner + p], plain[i * columns + j], g[p * columns + j]);
    hb_add_transposed_product(inner, columns, rows, a, inner, plain, columns, gradient, columns);
    wrong |= differs("a transposed product", inner, columns, rows, gradient, g);
    free(a), free(b), free(bias), free(turned), free(packed), free(c), free(plain), free(g), free(gradient);
    return wrong;
}

int main(void) {
    static const long sizes[][3] = {
        {1, 1, 1}, {5, 7, 3}, {6, 16, 8}, {13, 17, 9}, {50, 33, 64}, {25, 100, 31}, {131, 8, 8}, {97, 96, 5}, {300, 130, 250},
        {2, 520, 300}, {20, 40, 530}, {40, 100, 1024}, {30, 512, 70}};
    int wrong = 0;
    if (!hb_packed_products()) {
        printf("there are no packed products for this processor\n");
        return 0;
    }
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) wrong |= check(sizes[i][0], sizes[i][1], sizes[i][2]);
    if (!wrong) printf("products of %s equal plain loops, bit for bit\n", hb_wide_products() ? "AVX-512" : "narrow vectors");
    return wrong;
}
