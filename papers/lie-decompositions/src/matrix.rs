//! Small square matrices as arrays.

/// N × N, by rows.
pub type Matrix<const N: usize> = [[f64; N]; N];

/// The identity.
pub fn identity<const N: usize>() -> Matrix<N> {
    std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))))
}

/// a b.
pub fn product<const N: usize>(a: &Matrix<N>, b: &Matrix<N>) -> Matrix<N> {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..N).map(|k| a[i][k] * b[k][j]).sum()))
}

/// aᵀ.
pub fn transpose<const N: usize>(a: &Matrix<N>) -> Matrix<N> {
    std::array::from_fn(|i| std::array::from_fn(|j| a[j][i]))
}

/// u diag(values) uᵀ, symmetric to the last bit.
pub fn congruence<const N: usize>(u: &Matrix<N>, values: [f64; N]) -> Matrix<N> {
    let entry = |i: usize, j: usize| (0..N).map(|k| u[i][k] * values[k] * u[j][k]).sum();
    std::array::from_fn(|i| std::array::from_fn(|j| entry(i.max(j), i.min(j))))
}

/// The largest absolute entry.
pub fn largest<const N: usize>(a: &Matrix<N>) -> f64 {
    a.iter().flatten().fold(0.0, |most: f64, x| if x.is_nan() { f64::NAN } else { most.max(x.abs()) })
}

/// √ Σ of squares.
pub fn frobenius<const N: usize>(a: &Matrix<N>) -> f64 {
    let scale = largest(a);
    if scale == 0.0 || !scale.is_finite() {
        return scale;
    }
    scale * a.iter().flatten().map(|x| (x / scale) * (x / scale)).sum::<f64>().sqrt()
}

/// ad − bc, rounded nearly once (Kahan's two fused operations).
pub fn determinant2(a: &Matrix<2>) -> f64 {
    let product = a[0][1] * a[1][0];
    let error = f64::mul_add(-a[0][1], a[1][0], product);
    f64::mul_add(a[0][0], a[1][1], -product) + error
}

/// The inverse of a 2 × 2 matrix.
pub fn inverse2(a: &Matrix<2>) -> Matrix<2> {
    let d = determinant2(a);
    [[a[1][1] / d, -a[0][1] / d], [-a[1][0] / d, a[0][0] / d]]
}

/// a x in the plane.
pub fn apply2(a: &Matrix<2>, x: [f64; 2]) -> [f64; 2] {
    [a[0][0] * x[0] + a[0][1] * x[1], a[1][0] * x[0] + a[1][1] * x[1]]
}

/// The sign of the determinant, by elimination with pivots: −1, 0 or 1.
pub fn determinant_sign<const N: usize>(a: &Matrix<N>) -> f64 {
    let mut a = *a;
    let mut sign = 1.0;
    for k in 0..N {
        let pivot = (k..N).max_by(|i, j| a[*i][k].abs().total_cmp(&a[*j][k].abs())).unwrap_or(k);
        if pivot != k {
            a.swap(pivot, k);
            sign = -sign;
        }
        if a[k][k] == 0.0 {
            return 0.0;
        }
        sign *= a[k][k].signum();
        for i in k + 1..N {
            let factor = a[i][k] / a[k][k];
            let pivot = a[k];
            a[i].iter_mut().zip(&pivot).for_each(|(x, y)| *x -= factor * y);
        }
    }
    sign
}

/// L with L Lᵀ = a, lower; none for a matrix that is not positive definite. Only the lower triangle is read.
pub fn cholesky<const N: usize>(a: &Matrix<N>) -> Option<Matrix<N>> {
    let mut l = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            if i == j {
                let square = a[i][i] - sum;
                if !(square > 0.0 && square.is_finite()) {
                    return None;
                }
                l[i][i] = square.sqrt();
            } else {
                l[i][j] = (a[i][j] - sum) / l[j][j];
            }
        }
    }
    Some(l)
}

/// L⁻¹ b for a lower triangular L.
pub fn forward<const N: usize>(l: &Matrix<N>, b: &Matrix<N>) -> Matrix<N> {
    let mut x = [[0.0; N]; N];
    for j in 0..N {
        for i in 0..N {
            let sum: f64 = (0..i).map(|k| l[i][k] * x[k][j]).sum();
            x[i][j] = (b[i][j] - sum) / l[i][i];
        }
    }
    x
}
