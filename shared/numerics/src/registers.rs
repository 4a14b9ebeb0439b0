//! The state that wide kernels leave a processor in.
#![allow(unsafe_code)]

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
