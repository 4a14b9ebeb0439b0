//! The path of tile registers (AMX): an instruction multiplies 16 × 64 bytes with 64 × 16 bytes.
//!
//! Rust's own names for these instructions are not stable, so they stand here as assembly. [`tiles`] checks that the processor and the operating system have them,
//! and lengths before pointers are followed.
#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::sync::OnceLock;

use super::panels::{BLOCK, Line, PANEL, Sums, panel_lines};

/// Rows at once: two tiles.
pub(super) const ROWS: usize = 32;

/// Whether this processor has the instructions and the system lets this process use them.
pub(super) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        // Leaf 7: AMX-TILE and AMX-INT8. Leaf 1: OSXSAVE, without which the next instruction faults.
        if __cpuid(0).eax < 7 || __cpuid_count(7, 0).edx >> 24 & 3 != 3 || __cpuid(1).ecx >> 27 & 1 == 0 {
            return false;
        }
        // SAFETY: OSXSAVE is set, and with it XGETBV is there.
        let states = unsafe { enabled_states() };
        states >> 17 & 3 == 3 && permitted()
    })
}

/// # Safety
/// The processor has XSAVE and the system enabled it.
#[target_feature(enable = "xsave")]
unsafe fn enabled_states() -> u64 {
    // SAFETY: as the caller promises.
    unsafe { _xgetbv(0) }
}

/// Asks the operating system for room to keep tiles, 8 KB a thread, which it gives only on request.
#[cfg(target_os = "linux")]
fn permitted() -> bool {
    const ASK: libc::c_ulong = 0x1023; // ARCH_REQ_XCOMP_PERM
    const TILES: libc::c_ulong = 18; // XFEATURE_XTILEDATA
    // SAFETY: the call reads two integers and changes nothing but the permission.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ASK, TILES) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
}

/// Shapes of the tile registers, as LDTILECFG reads them.
#[repr(C, align(64))]
struct Shapes {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_of_a_row: [u16; 16],
    rows: [u8; 16],
}

/// Eight tiles of 16 rows of 64 bytes.
static SHAPES: Shapes = Shapes {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    bytes_of_a_row: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The sums of tiles of 32 packed rows with a panel of 32 outputs, in the order of the rows.
///
/// # Panics
/// Where the instructions are missing, or operands are not packed for `inputs` inputs.
pub(super) fn tiles(panel: &[Line<i8>], rows: &[Line<u8>], stride: usize, inputs: usize, sums: &mut [Sums]) {
    assert!(is_available(), "tile registers");
    assert!(panel.len() >= panel_lines(inputs), "weights are packed");
    assert!(inputs > 0 && inputs.div_ceil(BLOCK) <= stride, "rows are filled up");
    // SAFETY: the instructions are there. Shapes are set before tiles are used and nothing else runs until they are released, so that each is done once: it costs as much as half a tile.
    // With every block of 64 inputs, tiles of inputs lie within 32 rows of `stride` lines and tiles of weights within the panel; sums lie within 32 × 32 integers.
    unsafe {
        asm!(
            "ldtilecfg [{}]",
            in(reg) &raw const SHAPES,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack, readonly, preserves_flags),
        );
        for (rows, sums) in rows.chunks_exact(ROWS * stride).zip(sums) {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "2:",
                "tileloadd tmm4, [{upper} + {stride}]",
                "tileloadd tmm6, [{weights} + {step}]",
                "tdpbusd tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{weights} + {step} + 64]",
                "tdpbusd tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{lower} + {stride}]",
                "tdpbusd tmm2, tmm5, tmm6",
                "tdpbusd tmm3, tmm5, tmm7",
                "add {upper}, 64",
                "add {lower}, 64",
                "add {weights}, 2048",
                "dec {blocks}",
                "jnz 2b",
                "tilestored [{sums} + {step}], tmm0",
                "tilestored [{sums} + {step} + 64], tmm1",
                "add {sums}, 2048",
                "tilestored [{sums} + {step}], tmm2",
                "tilestored [{sums} + {step} + 64], tmm3",
                upper = inout(reg) rows.as_ptr() => _,
                lower = inout(reg) rows.as_ptr().add(16 * stride) => _,
                weights = inout(reg) panel.as_ptr() => _,
                sums = inout(reg) sums.0.as_mut_ptr() => _,
                blocks = inout(reg) inputs.div_ceil(BLOCK) => _,
                stride = in(reg) 64 * stride,
                // A row of tiles of weights and of sums: 32 outputs of four bytes.
                step = in(reg) 4 * PANEL,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
        asm!(
            "tilerelease",
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack, nomem, preserves_flags),
        );
    }
}
