/*
 * Decoding in C: products in eight-bit integers, an LSTM layer around one, the draw of a token.
 *
 * Each does what `products.py`, `layers.py` and `drawing.py` do in numpy, and to the last bit, but that a draw adds up
 * in another order. For that, compile with -ffp-contract=off. One call does what numpy does in a dozen: in a bot with
 * other threads, each of these would wait for the interpreter anew.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- Products ----
 *
 * BLAS packs the whole weight anew in every call, which for sixteen rows costs as much as the product itself. Here the
 * weight lies packed once and for all, OUTPUTS outputs side by side, GROUP inputs of each together, as the processor's
 * multiply-and-add instruction wants them; a byte a weight, so that it is read as one short stream. Integers add up to
 * the same sum in any order: a row's result depends neither on its company nor on the machine.
 */
#if defined(__AVX512VNNI__) && defined(__AVX512F__)
#include <immintrin.h>

#define GROUP 4
#define OUTPUTS 16
/* The instruction multiplies unsigned bytes with signed ones: inputs are moved up by this, sums down again. */
#define SHIFT 128
typedef uint8_t input;
typedef __m512i sums;

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    int32_t group;
    memcpy(&group, row, sizeof group);
    return _mm512_dpbusd_epi32(so_far, _mm512_set1_epi32(group), _mm512_loadu_si512(weight));
}

#elif defined(__AVX2__)
#include <immintrin.h>

#define GROUP 2
#define OUTPUTS 8
#define SHIFT 0
typedef int16_t input;
typedef __m256i sums;

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    int32_t group;
    memcpy(&group, row, sizeof group);
    const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weight));
    return _mm256_add_epi32(so_far, _mm256_madd_epi16(wide, _mm256_set1_epi32(group)));
}

#else

#define GROUP 1
#define OUTPUTS 16
#define SHIFT 0
typedef int8_t input;
typedef int32_t sums __attribute__((vector_size(4 * OUTPUTS)));

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    for (int output = 0; output < OUTPUTS; output++) so_far[output] += (int32_t)weight[output] * *row;
    return so_far;
}

#endif

#define LARGEST 127
#define AHEAD 2048

/* How a weight has to be packed: [blocks][depth / GROUP][OUTPUTS][GROUP]; and what an input becomes. */
int group(void) { return GROUP; }
int outputs(void) { return OUTPUTS; }
int shift(void) { return SHIFT; }
int input_bytes(void) { return sizeof(input); }

/* ROWS rows of `quantised` through one block; `shifted`: what SHIFT adds to the sum of each output. */
#define TILE(ROWS)                                                                                                     \
    static inline void tile_##ROWS(int64_t depth, const int8_t *weight, const float *scale, const int32_t *shifted,    \
                                   const input *quantised, float *out, int64_t width) {                                \
        sums total[ROWS];                                                                                              \
        memset(total, 0, sizeof total);                                                                                \
        for (int64_t at = 0; at < depth; at += GROUP) {                                                                \
            __builtin_prefetch(weight + at * OUTPUTS + AHEAD);                                                         \
            _Pragma("GCC unroll 16") for (int row = 0; row < ROWS; row++)                                              \
                total[row] = added(total[row], weight + at * OUTPUTS, quantised + row * depth + at);                   \
        }                                                                                                              \
        for (int row = 0; row < ROWS; row++) {                                                                         \
            int32_t sum[OUTPUTS];                                                                                      \
            memcpy(sum, &total[row], sizeof sum);                                                                      \
            for (int output = 0; output < OUTPUTS; output++)                                                           \
                out[row * width + output] = (float)(sum[output] - shifted[output]) * scale[output];                    \
        }                                                                                                              \
    }

TILE(16)
TILE(4)
TILE(1)

/* Inputs lie in [-1, 1] and are rounded to multiples of 1/127. */
static inline void quantise(const float *from, int64_t count, input *to) {
    for (int64_t at = 0; at < count; at++) to[at] = (input)(SHIFT + (int)nearbyintf(from[at] * LARGEST));
}

static void fill(input *to, int64_t count) {
    for (int64_t at = 0; at < count; at++) to[at] = SHIFT;
}

/* out [count, blocks * OUTPUTS] = quantised [count, depth] times the weight, each sum times its output's `scale`. */
static void multiply(int64_t blocks, int64_t depth, const int8_t *weight, const float *scale, const int32_t *shifted,
                     int64_t count, const input *quantised, float *out) {
    const int64_t width = blocks * OUTPUTS;
    for (int64_t block = 0; block < blocks; block++) {
        int64_t row = 0;
#define ROWS_BY(ROWS)                                                                                                  \
    for (; row + ROWS <= count; row += ROWS)                                                                           \
    tile_##ROWS(depth, weight, scale, shifted, quantised + row * depth, out + row * width, width)
        ROWS_BY(16);
        ROWS_BY(4);
        ROWS_BY(1);
        weight += depth * OUTPUTS, scale += OUTPUTS, shifted += OUTPUTS, out += OUTPUTS;
    }
}

/* rows [count, given] through the weight; `depth` is `given` filled up to a multiple of GROUP. */
void product(int64_t blocks, int64_t depth, const int8_t *weight, const float *scale, const int32_t *shifted,
             int64_t count, int64_t given, const float *rows, input *quantised, float *out) {
    for (int64_t row = 0; row < count; row++) {
        quantise(rows + row * given, given, quantised + row * depth);
        fill(quantised + row * depth + given, depth - given);
    }
    multiply(blocks, depth, weight, scale, shifted, count, quantised, out);
}

/* ---- The LSTM layer ---- */

/* e to the x <= 0, 0 for what is forbidden; relative error below 2e-7 (Cephes). */
static inline float exponential(float x) {
    const float clipped = x < -87.0f ? -87.0f : x;
    const float n = nearbyintf(clipped * 1.44269504088896341f);
    const float r = (clipped - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = ((p * r) * r + r) + 1.0f;
    union {
        int32_t integer;
        float number;
    } scale = {((int32_t)n + 127) << 23};
    return x < -87.0f ? 0.0f : p * scale.number;
}

static inline float tangent(float x) {
    const float e = exponential(-2.0f * fabsf(x));
    return copysignf((1.0f - e) / (1.0f + e), x);
}

static inline float sigmoid(float half) { return tangent(half) * 0.5f + 0.5f; }

/* One row's new cell and hidden from its gates: entering, kept, candidate, shown, those of sigmoids halved. */
static void remember(int64_t size, const float *restrict gates, const float *restrict old_cell, float *restrict hidden,
                     float *restrict cell) {
    for (int64_t at = 0; at < size; at++) {
        const float entering = sigmoid(gates[at]), kept = sigmoid(gates[size + at]);
        const float candidate = tangent(gates[2 * size + at]), shown = sigmoid(gates[3 * size + at]);
        cell[at] = kept * old_cell[at] + entering * candidate;
        hidden[at] = shown * tangent(cell[at]);
    }
}

/* Rows of a table [any, width]: row `rows[r]` of it stands for row r, or row r itself where `rows` is NULL. */
static inline const float *row_of(const float *table, const int32_t *rows, int64_t row, int64_t width) {
    return table + (rows ? rows[row] : row) * width;
}

/*
 * One step of a layer of `size` units for `count` rows: hidden and cell [count, size] from `old_cell`.
 *
 * inputs: what goes through the weight, side by side, tables of `widths`. added: tables [any, 4 size] whose rows are
 * added to the gates.
 */
void layer(int64_t blocks, int64_t depth, const int8_t *weight, const float *scale, const int32_t *shifted,
           int64_t count, int64_t size, int64_t inputs_count, const float *const *inputs,
           const int32_t *const *inputs_rows, const int64_t *widths, int64_t added_count, const float *const *added,
           const int32_t *const *added_rows, const float *old_cell, input *quantised, float *gates, float *hidden,
           float *cell) {
    for (int64_t row = 0; row < count; row++) {
        input *to = quantised + row * depth;
        for (int64_t piece = 0; piece < inputs_count; piece++) {
            quantise(row_of(inputs[piece], inputs_rows[piece], row, widths[piece]), widths[piece], to);
            to += widths[piece];
        }
        fill(to, quantised + (row + 1) * depth - to);
    }
    multiply(blocks, depth, weight, scale, shifted, count, quantised, gates);
    for (int64_t row = 0; row < count; row++) {
        float *gate = gates + row * blocks * OUTPUTS;
        for (int64_t piece = 0; piece < added_count; piece++) {
            const float *from = row_of(added[piece], added_rows[piece], row, 4 * size);
            for (int64_t at = 0; at < 4 * size; at++) gate[at] += from[at];
        }
        remember(size, gate, old_cell + row * size, hidden + row * size, cell + row * size);
    }
}

/* ---- The draw ----
 *
 * What may not stand there is forbidden, then the cumulative distribution is inverted, in one pass over logits that are
 * still in the cache.
 */

#define LANES 16
/* Sums of blocks first: with them, a draw looks through two short lists in place of a long one. */
#define BLOCK 64

static float largest_of(const float *logits, int64_t columns) {
    float largest[LANES];
    for (int lane = 0; lane < LANES; lane++) largest[lane] = -INFINITY;
    int64_t column = 0;
    for (; column + LANES <= columns; column += LANES)
        for (int lane = 0; lane < LANES; lane++)
            largest[lane] = logits[column + lane] > largest[lane] ? logits[column + lane] : largest[lane];
    for (; column < columns; column++) largest[0] = logits[column] > largest[0] ? logits[column] : largest[0];
    for (int lane = 1; lane < LANES; lane++) largest[0] = largest[lane] > largest[0] ? largest[lane] : largest[0];
    return largest[0];
}

/* Which of `count` weights holds the share `target` of their sum; what lies before it is taken off `target`. */
static int64_t found(const float *weights, int64_t count, double *target) {
    double before = 0;
    int64_t last = 0;
    for (int64_t place = 0; place < count; place++) {
        const double after = before + weights[place];
        if (after > *target) {
            *target -= before;
            return place;
        }
        if (weights[place] > 0) last = place;
        before = after;
    }
    return last;
}

static int64_t sampled(const float *logits, int64_t columns, float largest, float temperature, double uniform,
                       float *weights, double *chance) {
    const int64_t blocks = (columns + BLOCK - 1) / BLOCK;
    float *sums = weights + blocks * BLOCK;
    for (int64_t column = 0; column < columns; column++)
        weights[column] = exponential((logits[column] - largest) / temperature);
    for (int64_t column = columns; column < blocks * BLOCK; column++) weights[column] = 0;
    double total = 0;
    for (int64_t block = 0; block < blocks; block++) {
        float lanes[LANES] = {0};
        for (int64_t place = 0; place < BLOCK; place += LANES)
            for (int lane = 0; lane < LANES; lane++) lanes[lane] += weights[block * BLOCK + place + lane];
        sums[block] = 0;
        for (int lane = 0; lane < LANES; lane++) sums[block] += lanes[lane];
        total += sums[block];
    }
    double target = uniform * total;
    if (target >= total) target = nextafter(total, 0);
    const int64_t block = found(sums, blocks, &target);
    const int64_t column = block * BLOCK + found(weights + block * BLOCK, BLOCK, &target);
    *chance = weights[column] / total;
    return column;
}

/*
 * logits [rows, columns] but for their bias [columns], a row `stride` apart from the next: the bias is added, what is
 * forbidden becomes -INFINITY. rhymes [columns]; wanted, shunned [rows]: bits of groups, see `drawing.py`. used [rows,
 * used_count]: columns. scratch: floats, two for each column and 128 more. drawn, chances [rows].
 */
void draw(int64_t rows, int64_t columns, int64_t stride, float *logits, const float *bias, const uint32_t *rhymes,
          const uint32_t *wanted, const uint32_t *shunned, const int64_t *used, int64_t used_count, float temperature,
          const double *uniform, float *scratch, int32_t *drawn, double *chances) {
    for (int64_t row = 0; row < rows; row++, logits += stride, used += used_count) {
        for (int64_t column = 0; column < columns; column++) logits[column] += bias[column];
        if (wanted[row] | shunned[row])
            for (int64_t column = 0; column < columns; column++) {
                const int misses = wanted[row] && !(rhymes[column] & wanted[row]);
                logits[column] = misses | !!(rhymes[column] & shunned[row]) ? -INFINITY : logits[column];
            }
        float kept[used_count + 1];
        for (int64_t place = 0; place < used_count; place++) {
            if (used[place] < 0 || used[place] >= columns) continue;
            kept[place] = logits[used[place]];
            logits[used[place]] = -INFINITY;
        }
        float largest = largest_of(logits, columns);
        /* In a vocabulary of a few characters there may be nothing left that is fresh. */
        if (largest == -INFINITY) {
            for (int64_t place = used_count - 1; place >= 0; place--)
                if (used[place] >= 0 && used[place] < columns) logits[used[place]] = kept[place];
            largest = largest_of(logits, columns);
        }
        if (largest == -INFINITY) {
            for (int64_t column = 0; column < columns; column++) logits[column] = 0;
            largest = 0;
        }
        drawn[row] = (int32_t)sampled(logits, columns, largest, temperature, uniform[row], scratch, chances + row);
    }
}
