//! The AVX2 and AVX-512 paths.
//!
//! The safe functions check at run time that the processor has the instructions, and lengths before pointers are followed. Each gives the same integers as the portable
//! path, which the tests compare on random shapes.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::panels::{BLOCK, Line, PANEL, STEP, Sums, panel_lines};

/// Rows at once: with two registers of a panel, 24 accumulators of 32 registers.
pub(super) const ROWS: usize = 12;

/// A tile of twelve rows with a panel of 32 outputs by VNNI.
///
/// # Panics
/// Where the instructions are missing, or operands are not packed for `inputs` inputs.
pub(super) fn tile_vnni(
    panel: &[Line<i8>],
    rows: &[Line<u8>],
    stride: usize,
    inputs: usize,
    sums: &mut Sums,
) {
    check(panel, rows, stride, inputs);
    assert!(is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni"), "VNNI");
    // SAFETY: the instructions are there, and all steps lie within both operands.
    unsafe { vnni(panel.as_ptr().cast(), rows.as_ptr().cast(), 64 * stride, inputs.div_ceil(STEP), sums) }
}

fn check(panel: &[Line<i8>], rows: &[Line<u8>], stride: usize, inputs: usize) {
    assert!(panel.len() >= panel_lines(inputs) && rows.len() >= ROWS * stride, "operands are packed");
    assert!(inputs.div_ceil(BLOCK) <= stride, "rows are filled up");
}

/// # Safety
/// The processor has AVX-512 F and VNNI; `panel` points to `steps` steps, `rows` to twelve rows of as many.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn vnni(mut panel: *const i8, mut rows: *const u8, stride: usize, steps: usize, sums: &mut Sums) {
    let mut accumulators = [[_mm512_setzero_si512(); 2]; ROWS];
    for _ in 0..steps {
        // SAFETY: the caller promises `steps` steps of 128 bytes, and of four in each row.
        unsafe {
            let weights = [_mm512_loadu_si512(panel.cast()), _mm512_loadu_si512(panel.add(64).cast())];
            for (row, accumulators) in accumulators.iter_mut().enumerate() {
                let inputs = _mm512_set1_epi32(rows.add(row * stride).cast::<i32>().read_unaligned());
                for (accumulator, weights) in accumulators.iter_mut().zip(weights) {
                    *accumulator = _mm512_dpbusd_epi32(*accumulator, inputs, weights);
                }
            }
            panel = panel.add(PANEL * STEP);
            rows = rows.add(STEP);
        }
    }
    for (row, accumulators) in accumulators.iter().enumerate() {
        for (part, accumulator) in accumulators.iter().enumerate() {
            // SAFETY: row < 12 and part < 2 lie within the sums.
            unsafe {
                _mm512_storeu_si512(sums.0.as_mut_ptr().add(row * PANEL + part * 16).cast(), *accumulator)
            }
        }
    }
}

/// The same by AVX2.
///
/// # Panics
/// As for VNNI.
pub(super) fn tile_avx2(
    panel: &[Line<i8>],
    rows: &[Line<u8>],
    stride: usize,
    inputs: usize,
    sums: &mut Sums,
) {
    check(panel, rows, stride, inputs);
    assert!(is_x86_feature_detected!("avx2"), "AVX2");
    // SAFETY: the instructions are there, and all steps lie within both operands.
    unsafe { avx2(panel.as_ptr().cast(), rows.as_ptr().cast(), 64 * stride, inputs.div_ceil(STEP), sums) }
}

/// Sixteen outputs and two rows at a time: eight accumulators, each with two partial sums for four outputs.
///
/// # Safety
/// The processor has AVX2; `panel` points to `steps` steps, `rows` to twelve rows of as many.
#[target_feature(enable = "avx2")]
unsafe fn avx2(panel: *const i8, rows: *const u8, stride: usize, steps: usize, sums: &mut Sums) {
    for part in 0..PANEL / 16 {
        for pair in 0..ROWS / 2 {
            let mut accumulators = [[_mm256_setzero_si256(); 4]; 2];
            for step in 0..steps {
                // SAFETY: the caller promises `steps` steps of 128 bytes, 16 outputs are 64 of them, and of four in each row.
                unsafe {
                    let weights = panel.add(step * PANEL * STEP + part * 64);
                    let row = |index: usize| {
                        let inputs = rows.add((pair * 2 + index) * stride + step * STEP);
                        _mm256_cvtepu8_epi16(_mm_set1_epi32(inputs.cast::<i32>().read_unaligned()))
                    };
                    let rows = [row(0), row(1)];
                    for quarter in 0..4 {
                        let wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights.add(quarter * 16).cast()));
                        for (accumulators, row) in accumulators.iter_mut().zip(rows) {
                            // 16-bit products added in pairs to 32 bits: exact.
                            let products = _mm256_madd_epi16(row, wide);
                            accumulators[quarter] = _mm256_add_epi32(accumulators[quarter], products);
                        }
                    }
                }
            }
            for (index, accumulators) in accumulators.iter().enumerate() {
                for (quarter, accumulator) in accumulators.iter().enumerate() {
                    let mut partial = [0i32; 8];
                    // SAFETY: eight integers are 256 bits.
                    unsafe { _mm256_storeu_si256(partial.as_mut_ptr().cast(), *accumulator) }
                    for (output, two) in partial.chunks_exact(2).enumerate() {
                        sums.0[(pair * 2 + index) * PANEL + part * 16 + quarter * 4 + output] =
                            two[0] + two[1];
                    }
                }
            }
        }
    }
}

/// Σ of products of unsigned fields of `BITS` bits with signed bytes, for chunks of 64 bytes of packed weights; see [`super::low_bit`] for the layout.
pub(super) fn dot_fields<const BITS: usize>(packed: &[u8], inputs: &[i8]) -> Option<i32> {
    if !(is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vnni")
        && is_x86_feature_detected!("avx512bw"))
    {
        return None;
    }
    let chunks = packed.len() / 64;
    assert!(
        packed.len().is_multiple_of(64) && inputs.len() >= chunks * 64 * (8 / BITS),
        "operands are packed"
    );
    // SAFETY: the instructions are there, and the lengths were checked.
    Some(unsafe { fields::<BITS>(packed.as_ptr(), inputs.as_ptr(), chunks) })
}

/// # Safety
/// The processor has AVX-512 F, BW and VNNI; `packed` points to `chunks` × 64 bytes, `inputs` to 8/BITS times as many.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn fields<const BITS: usize>(packed: *const u8, inputs: *const i8, chunks: usize) -> i32 {
    let mask = _mm512_set1_epi8(((1u16 << BITS) - 1) as i8);
    let mut accumulators = [_mm512_setzero_si512(); 4];
    let count = 8 / BITS;
    for chunk in 0..chunks {
        // SAFETY: within the lengths that the caller promises.
        unsafe {
            let bytes = _mm512_loadu_si512(packed.add(chunk * 64).cast());
            for field in 0..count {
                let shifted = _mm512_srl_epi16(bytes, _mm_cvtsi32_si128((field * BITS) as i32));
                let weights = _mm512_and_si512(shifted, mask);
                let values = _mm512_loadu_si512(inputs.add((chunk * count + field) * 64).cast());
                accumulators[field % 4] = _mm512_dpbusd_epi32(accumulators[field % 4], weights, values);
            }
        }
    }
    let sum = _mm512_add_epi32(
        _mm512_add_epi32(accumulators[0], accumulators[1]),
        _mm512_add_epi32(accumulators[2], accumulators[3]),
    );
    _mm512_reduce_add_epi32(sum)
}

/// Number of ones in a XOR b.
pub(super) fn differing_bits(a: &[u64], b: &[u64]) -> Option<u64> {
    if !(is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vpopcntdq")) {
        return None;
    }
    assert_eq!(a.len(), b.len(), "codes of one length");
    // SAFETY: the instructions are there, and both slices have the same length.
    Some(unsafe { popcount(a, b) })
}

/// # Safety
/// The processor has AVX-512 F and VPOPCNTDQ; the slices have one length.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
unsafe fn popcount(a: &[u64], b: &[u64]) -> u64 {
    let mut total = _mm512_setzero_si512();
    let whole = a.len() / 8;
    for chunk in 0..whole {
        // SAFETY: eight words from 8·chunk on lie within both slices.
        unsafe {
            let x = _mm512_loadu_si512(a.as_ptr().add(8 * chunk).cast());
            let y = _mm512_loadu_si512(b.as_ptr().add(8 * chunk).cast());
            total = _mm512_add_epi64(total, _mm512_popcnt_epi64(_mm512_xor_si512(x, y)));
        }
    }
    let rest = a[8 * whole..].iter().zip(&b[8 * whole..]).map(|(x, y)| u64::from((x ^ y).count_ones()));
    _mm512_reduce_add_epi64(total) as u64 + rest.sum::<u64>()
}
