/*
 * The pointwise work of the LSTM and of its loss, each in one pass over memory that the matrix products leave warm.
 *
 * torch would write every intermediate result to memory and read it back; on a CPU that costs as much as the products
 * themselves. Every function here exists for two types of activations: float, and bfloat16 as the upper half of a
 * float. Arithmetic and the cell's state are always float. kernels.py compiles and calls this file, and has the same
 * operations in torch: the two are held equal by tests.
 *
 * Arrays are row-major and contiguous; gates stand in the order input, forget, cell, output.
 */
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <string.h>


typedef uint16_t bfloat16;

static inline float load_bfloat16(bfloat16 x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Round to nearest, ties to even. */
static inline bfloat16 store_bfloat16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bfloat16)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

static inline float load_float32(float x) { return x; }
static inline float store_float32(float x) { return x; }

/* e^x by Cody-Waite reduction and the Cephes polynomial: relative error below 1e-6, vectorised, where expf is not. */
static inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
    float n = __builtin_rintf(x * 1.44269504f);
    float r = x - n * 0.693359375f - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

static inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }
static inline float hyperbolic_tangent(float x) { return 2.0f * sigmoid(2.0f * x) - 1.0f; }

#define KERNELS(T)                                                                                                     \
                                                                                                                       \
/* Pre-activations in `gates` [n, 4H], `bias` [4H] added, become activations; `cell`, `hidden` [n, H] are written. */  \
void cell_forward_##T(int64_t n, int64_t size, T *gates, const float *bias, const float *cell_before, float *cell,     \
                      T *hidden) {                                                                                     \
    _Pragma("omp parallel for schedule(static) if (n * size > 8192)")                                                     \
    for (int64_t row = 0; row < n; row++) {                                                                            \
        T *input = gates + row * 4 * size, *forget = input + size, *candidate = forget + size;                         \
        T *output = candidate + size, *h = hidden + row * size;                                                        \
        const float *before = cell_before + row * size;                                                                \
        const float *bias_f = bias + size, *bias_g = bias_f + size, *bias_o = bias_g + size;                           \
        float *c = cell + row * size;                                                                                  \
        /* "omp simd" says that the arrays do not overlap: without it gcc 12 gives up, and this is 9 times slower. */  \
        _Pragma("omp simd")                                                                                            \
        for (int64_t k = 0; k < size; k++) {                                                                           \
            float i = sigmoid(LOAD(T)(input[k]) + bias[k]), f = sigmoid(LOAD(T)(forget[k]) + bias_f[k]);               \
            float g = hyperbolic_tangent(LOAD(T)(candidate[k]) + bias_g[k]), o = sigmoid(LOAD(T)(output[k]) + bias_o[k]); \
            float now = f * before[k] + i * g;                                                                         \
            input[k] = STORE(T)(i);                                                                                    \
            forget[k] = STORE(T)(f);                                                                                   \
            candidate[k] = STORE(T)(g);                                                                                \
            output[k] = STORE(T)(o);                                                                                   \
            c[k] = now;                                                                                                \
            h[k] = STORE(T)(o * hyperbolic_tangent(now));                                                              \
        }                                                                                                              \
    }                                                                                                                  \
}                                                                                                                      \
                                                                                                                       \
/* Activations in `gates` become the derivative by the pre-activations; `d_cell` [n, H] goes from step t+1 to t. */    \
void cell_backward_##T(int64_t n, int64_t size, T *gates, const float *cell_before, const float *cell,                 \
                       const T *d_hidden, float *d_cell) {                                                             \
    _Pragma("omp parallel for schedule(static) if (n * size > 8192)")                                                     \
    for (int64_t row = 0; row < n; row++) {                                                                            \
        T *input = gates + row * 4 * size, *forget = input + size, *candidate = forget + size;                         \
        T *output = candidate + size;                                                                                  \
        const T *dh = d_hidden + row * size;                                                                           \
        const float *before = cell_before + row * size, *now = cell + row * size;                                      \
        float *dc = d_cell + row * size;                                                                               \
        _Pragma("omp simd")                                                                                            \
        for (int64_t k = 0; k < size; k++) {                                                                           \
            float i = LOAD(T)(input[k]), f = LOAD(T)(forget[k]), g = LOAD(T)(candidate[k]);                            \
            float o = LOAD(T)(output[k]), d = LOAD(T)(dh[k]), tanh_cell = hyperbolic_tangent(now[k]);                  \
            float total = dc[k] + d * o * (1.0f - tanh_cell * tanh_cell);                                              \
            input[k] = STORE(T)(total * g * i * (1.0f - i));                                                           \
            forget[k] = STORE(T)(total * before[k] * f * (1.0f - f));                                                  \
            candidate[k] = STORE(T)(total * i * (1.0f - g * g));                                                       \
            output[k] = STORE(T)(d * tanh_cell * o * (1.0f - o));                                                      \
            dc[k] = total * f;                                                                                         \
        }                                                                                                              \
    }                                                                                                                  \
}                                                                                                                      \
                                                                                                                       \
/* out[n] = sum over tables k of table_k[index[n, k]], rows of `width`. */                                             \
void gather_sum_##T(int64_t n, int64_t width, int64_t tables, const T *const *table, const int64_t *index, T *out) {   \
    _Pragma("omp parallel for schedule(static) if (n * width > 8192)")                                                    \
    for (int64_t row = 0; row < n; row++) {                                                                            \
        T *sum = out + row * width;                                                                                    \
        for (int64_t at = 0; at < width; at += BLOCK) {                                                                \
            int64_t many = width - at < BLOCK ? width - at : BLOCK;                                                    \
            float total[BLOCK] = {0};                                                                                  \
            for (int64_t k = 0; k < tables; k++) {                                                                     \
                const T *from = table[k] + index[row * tables + k] * width + at;                                       \
                _Pragma("omp simd")                                                                                    \
                for (int64_t j = 0; j < many; j++) total[j] += LOAD(T)(from[j]);                                       \
            }                                                                                                          \
            _Pragma("omp simd")                                                                                        \
            for (int64_t j = 0; j < many; j++) sum[at + j] = STORE(T)(total[j]);                                       \
        }                                                                                                              \
    }                                                                                                                  \
}                                                                                                                      \
                                                                                                                       \
/* table[index[n, k]] += rows[n] for one k; each thread has columns of its own, so that none wait. */                  \
void scatter_sum_##T(int64_t n, int64_t width, int64_t stride, const T *rows, const int64_t *index, float *table) {    \
    _Pragma("omp parallel for schedule(static)")                                                                       \
    for (int64_t at = 0; at < width; at += BLOCK) {                                                                    \
        int64_t many = width - at < BLOCK ? width - at : BLOCK;                                                        \
        for (int64_t row = 0; row < n; row++) {                                                                        \
            float *into = table + index[row * stride] * width + at;                                                    \
            const T *from = rows + row * width + at;                                                                   \
            _Pragma("omp simd")                                                                                        \
            for (int64_t j = 0; j < many; j++) into[j] += LOAD(T)(from[j]);                                            \
        }                                                                                                              \
    }                                                                                                                  \
}                                                                                                                      \
                                                                                                                       \
/* `logits` [n, width] become the derivative of the summed loss; `losses` [n] are set, `d_bias` [width] added to. */   \
/* `scratch` is 2 * width floats a thread: a row's exponentials, and the thread's part of `d_bias`. */                 \
void softmax_loss_##T(int64_t n, int64_t width, T *logits, const float *bias, const int64_t *targets, float *losses,   \
                      float *d_bias, float *scratch, int threads) {                                                    \
    _Pragma("omp parallel num_threads(threads)")                                                                       \
    {                                                                                                                  \
        float *row_values = scratch + omp_get_thread_num() * 2 * width, *d_bias_part = row_values + width;             \
        memset(d_bias_part, 0, width * sizeof(float));                                                                 \
        _Pragma("omp for schedule(static)")                                                                            \
        for (int64_t row = 0; row < n; row++) {                                                                        \
            T *out = logits + row * width;                                                                             \
            int64_t target = targets[row];                                                                             \
            float largest = -3.0e38f, total = 0.0f;                                                                    \
            _Pragma("omp simd reduction(max : largest)")                                                               \
            for (int64_t v = 0; v < width; v++) {                                                                      \
                float value = LOAD(T)(out[v]) + bias[v];                                                               \
                row_values[v] = value;                                                                                 \
                largest = value > largest ? value : largest;                                                           \
            }                                                                                                          \
            float wanted = row_values[target] - largest;                                                               \
            _Pragma("omp simd reduction(+ : total)")                                                                   \
            for (int64_t v = 0; v < width; v++) {                                                                      \
                float value = exponential(row_values[v] - largest);                                                    \
                row_values[v] = value;                                                                                 \
                total += value;                                                                                        \
            }                                                                                                          \
            losses[row] = logf(total) - wanted;                                                                        \
            float inverse = 1.0f / total, at_target = row_values[target] * inverse - 1.0f;                             \
            _Pragma("omp simd")                                                                                        \
            for (int64_t v = 0; v < width; v++) {                                                                      \
                float probability = row_values[v] * inverse;                                                           \
                d_bias_part[v] += probability;                                                                         \
                out[v] = STORE(T)(probability);                                                                        \
            }                                                                                                          \
            d_bias_part[target] -= 1.0f;                                                                               \
            out[target] = STORE(T)(at_target);                                                                         \
        }                                                                                                              \
    }                                                                                                                  \
    /* In the order of the threads: the same numbers give the same sum, whoever ended first. */                        \
    for (int part = 0; part < threads; part++)                                                                         \
        for (int64_t v = 0; v < width; v++) d_bias[v] += scratch[(2 * part + 1) * width + v];                          \
}

#define LOAD(T) load_##T
#define STORE(T) store_##T
#define BLOCK 64

typedef float float32;

KERNELS(bfloat16)
KERNELS(float32)
