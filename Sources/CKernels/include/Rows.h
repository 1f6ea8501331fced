#pragma once
#include <stdint.h>

// Row places[i] of dx += row i of g, one after the other, for `count` of the `columns` columns from `first` on.
void hb_scatter_rows(const float *g, const int32_t *places, long rows, long columns, long first, long count, float *dx);
void hb_scatter_rows_double(const double *g, const int32_t *places, long rows, long columns, long first, long count,
                            double *dx);
