#pragma once

// The scalars of one AdamW update, worked out in double precision and rounded.
struct hb_adamw_constants {
    float gradient_scale;
    float decay;              // 1 - learning rate * weight decay
    float first_weight;       // 1 - beta1
    float beta2, second_weight;  // beta2, 1 - beta2
    float correction;         // sqrt(1 - beta2^t)
    float epsilon;
    float step;               // learning rate / (1 - beta1^t)
};

// One AdamW update of parameters p with gradients g and moments m and v.
void hb_adamw(float *p, const float *g, float *m, float *v, long count, struct hb_adamw_constants constants);

// One update of gradient descent: d = scale g + decay p; b = momentum b + d; p -= rate (nesterov ? d + momentum b : b).
void hb_momentum_descent(float *p, const float *g, float *b, long count, float scale, float decay, float momentum,
                         int nesterov, float rate);

// p -= rate (scale g + decay p)
void hb_plain_descent(float *p, const float *g, long count, float scale, float decay, float rate);

// a += weight (x - a)
void hb_average(float *a, const float *x, long count, float weight);

// The scalars of one Lion update.
struct hb_lion_constants {
    float gradient_scale;
    float decay;                 // 1 - learning rate * weight decay
    float beta1, first_weight;   // beta1, 1 - beta1
    float beta2, second_weight;  // beta2, 1 - beta2
    float rate;
};

// One Lion update of parameters p with gradients g and momentum m.
void hb_lion(float *p, const float *g, float *m, long count, struct hb_lion_constants constants);

// Both moments take g; r = step m / (sqrt(v) / correction + epsilon) + decay p, where decay is the weight decay itself.
void hb_adam_direction(const float *p, const float *g, float *m, float *v, float *r, long count,
                       struct hb_adamw_constants constants);

// The scalars of one update of schedule-free AdamW.
struct hb_schedule_free_constants {
    float gradient_scale;
    float decay;                 // the weight decay
    float beta2, second_weight;  // beta2, 1 - beta2
    float correction;            // sqrt(1 - beta2^t)
    float epsilon;
    float taken, kept;           // c and 1 - c, c the share of this update in the average
    float step;                  // learning rate (1 - beta1 (1 - c))
    float carried;               // learning rate * beta1
};

// One update of schedule-free AdamW: parameters y, gradients g, the gap d = z - y and the second moment v.
void hb_schedule_free(float *y, const float *g, float *d, float *v, long count,
                      struct hb_schedule_free_constants constants);

// b = momentum b + weight scale g; u = nesterov ? weight scale g + momentum b : b
void hb_mix_momentum(const float *g, float *b, float *u, long count, float scale, float momentum, float weight,
                     int nesterov);

// y = own y + other x
void hb_combine(float *y, const float *x, long count, float own, float other);

// p += step g
void hb_ascend(float *p, const float *g, long count, float step);

// p += step (|p| + offset)^2 g
void hb_ascend_scaled(float *p, const float *g, long count, float step, float offset);

// The sum of ((|p| + offset) g)^2.
double hb_sum_scaled_squares(const float *p, const float *g, long count, float offset);
