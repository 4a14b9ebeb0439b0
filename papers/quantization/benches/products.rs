//! Speed of products of integers on every path, beside single precision, one thread each.
//!
//! Paths are checked to give the same integers first.

use divan::{Bencher, black_box};
use ndarray::{Array1, Array2};
use quantization::kernels::{BinaryMatrix, LowBitMatrix, LowBits, PackedWeights, Path};
use rand::Rng;

fn main() {
    // Before the first product, which would start the usual pool.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the first pool");
    let (weights, inputs) = operands(130);
    let packed = PackedWeights::new(weights.view()).expect("not empty");
    let product = |path| packed.multiply(inputs.view(), path).expect("sizes fit");
    assert!(Path::available().into_iter().all(|path| product(path) == product(Path::Portable)));
    divan::main();
}

fn operands(size: usize) -> (Array2<i8>, Array2<u8>) {
    let mut random = numerics::random::stream(0, &["bench"]);
    let weights = Array2::from_shape_simple_fn((size, size), || random.random());
    (weights, Array2::from_shape_simple_fn((size, size), || random.random()))
}

fn product(bencher: Bencher, size: usize, path: Path) {
    let (weights, inputs) = operands(size);
    let packed = PackedWeights::new(weights.view()).expect("not empty");
    bencher.counter(2 * size * size * size).bench_local(|| packed.multiply(black_box(inputs.view()), path));
}

#[divan::bench(args = [256, 512, 1024, 2048], sample_count = 10)]
fn eight_bit_best_path(bencher: Bencher, size: usize) {
    product(bencher, size, Path::best());
}

#[divan::bench(args = [256, 512, 1024, 2048], sample_count = 10)]
fn eight_bit_signed_inputs(bencher: Bencher, size: usize) {
    let (weights, inputs) = operands(size);
    let (packed, inputs) = (PackedWeights::new(weights.view()).expect("not empty"), inputs.mapv(|x| x as i8));
    bencher
        .counter(2 * size * size * size)
        .bench_local(|| packed.multiply_signed(black_box(inputs.view()), Path::best()));
}

#[divan::bench(args = [512, 1024], sample_count = 5)]
fn eight_bit_avx2(bencher: Bencher, size: usize) {
    product(bencher, size, Path::Avx2);
}

#[divan::bench(args = [256, 512], sample_count = 3)]
fn eight_bit_portable(bencher: Bencher, size: usize) {
    product(bencher, size, Path::Portable);
}

#[divan::bench(args = [256, 512, 1024, 2048], sample_count = 5)]
fn single_precision(bencher: Bencher, size: usize) {
    let (a, b) = (Array2::<f32>::ones((size, size)), Array2::<f32>::ones((size, size)));
    bencher.counter(2 * size * size * size).bench_local(|| black_box(&a).dot(&b));
}

#[divan::bench(args = [4, 2, 8], sample_count = 20)]
fn low_bits_times_vector_4096(bencher: Bencher, bits: u32) {
    let width = match bits {
        8 => LowBits::Eight,
        4 => LowBits::Four,
        _ => LowBits::Two,
    };
    let ones = Array2::ones((4096, 4096));
    let matrix = LowBitMatrix::new(ones.view(), &vec![1.0; 4096], width).expect("ones fit");
    let x = vec![1i8; 4096];
    bencher.bench_local(|| matrix.multiply(black_box(&x), 1.0, Path::best()));
}

#[divan::bench(sample_count = 20)]
fn one_bit_times_signs_4096(bencher: Bencher) {
    let matrix = BinaryMatrix::new(Array2::ones((4096, 4096)).view()).expect("finite");
    let x = vec![1.0; 4096];
    bencher.bench_local(|| matrix.multiply(black_box(&x), Path::best()));
}

#[divan::bench(sample_count = 20)]
fn single_precision_times_vector_4096(bencher: Bencher) {
    let (matrix, x) = (Array2::<f32>::ones((4096, 4096)), Array1::<f32>::ones(4096));
    bencher.bench_local(|| black_box(&matrix).dot(&x));
}
