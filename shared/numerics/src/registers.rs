//! Vector registers: loops compiled for the widest, and the state that wide kernels leave a processor in.
#![allow(unsafe_code)]

use pulp::{Arch, NullaryFnOnce};

/// Runs work compiled for the widest vector registers of this processor: [`pulp`]'s choice, and AVX-512 beyond it. The bits do not depend on the
/// width: sums keep the order in which they are written, and only what is written as a fused multiplication is fused.
///
/// For arithmetic on many numbers at a time (exponentials, quotients): what waits for memory, or runs over a few dozens of numbers, gains nothing
/// or loses. What is to be wide must be inlined into the work: `#[inline(always)]` on [`NullaryFnOnce::call`] and on what it calls.
pub fn in_widest<W: NullaryFnOnce>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("fma")
    {
        // SAFETY: the processor has the instructions.
        return unsafe { in_512_bits(work) };
    }
    Arch::new().dispatch(work)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn in_512_bits<W: NullaryFnOnce>(work: W) -> W::Output {
    work.call()
}

/// Clears the upper parts of the vector registers.
///
/// faer's kernels for AVX-512 leave them in use. Until something clears them, every change between SSE and AVX instructions costs a hundred cycles
/// and more: `f64::tanh` of the C library takes 150 ns instead of 7. To be called after faer, before numbers are looked at one by one. Does nothing on
/// other processors; costs less than a nanosecond.
pub fn clear_upper_parts() {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx") {
        // SAFETY: the processor has AVX.
        unsafe { zero_upper() }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
fn zero_upper() {
    std::arch::x86_64::_mm256_zeroupper();
}
