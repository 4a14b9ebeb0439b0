//! Problems in JSON files and coefficients in CSV files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use barron_pde::equation::Equation;
use barron_pde::norms::Estimated;
use barron_pde::spectrum::{Lattice, Spectrum};
use lab::Error;
use lab::input::named_matrix;
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use num_complex::Complex64;
use serde::Deserialize;

use super::usage;

/// A problem as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    dimension: usize,
    equation: Equation,
    /// [[k…], re, im], both k and −k.
    #[serde(default)]
    forcing: Vec<(Vec<i32>, f64, f64)>,
    /// [[k…], amplitude, phase] of cosines.
    #[serde(default)]
    waves: Vec<(Vec<i32>, f64, f64)>,
}

/// A problem on the lattice of its data.
pub struct Problem {
    /// The equation.
    pub equation: Equation,
    /// f.
    pub forcing: Spectrum,
    /// d.
    pub dimension: usize,
    /// The lattice's frequencies in Zᵈ.
    pub vectors: Vec<Vec<i32>>,
}

/// Reads a problem. In up to three dimensions its lattice has all frequencies unless it is to be lifted; else it is spanned by those of the data, at most `most`.
pub fn read_problem(path: &Path, most: usize, lift: bool) -> anyhow::Result<Problem> {
    let text = std::fs::read_to_string(path).map_err(|fault| Error::Io {
        action: "read",
        path: path.to_owned(),
        fault,
    })?;
    let given: Given = serde_json::from_str(&text)
        .map_err(|fault| Error::Malformed { path: path.to_owned(), fault: fault.to_string() })?;
    let name = || path.display().to_string();
    given.equation.check().with_context(name)?;
    if given.dimension == 0 || (given.forcing.is_empty() && given.waves.is_empty()) {
        bail!("{}: expected a dimension from 1 on, and forcing or waves", path.display());
    }
    let halves = given.waves.iter().flat_map(|(k, a, phase)| {
        let c = Complex64::from_polar(a / 2.0, *phase);
        [(k.clone(), c), (k.iter().map(|entry| -entry).collect(), c.conj())]
    });
    let terms = given.forcing.iter().map(|(k, re, im)| (k.clone(), Complex64::new(*re, *im))).chain(halves);
    let terms: Vec<(Vec<i32>, Complex64)> = terms.collect();
    if let Some((k, _)) = terms.iter().find(|(k, _)| k.len() != given.dimension) {
        bail!(
            "{}: frequency {k:?} has {} entries in {} dimensions",
            path.display(),
            k.len(),
            given.dimension
        );
    }
    if let Some((k, _)) = terms.iter().find(|(k, _)| k.iter().any(|entry| entry.unsigned_abs() >= 1_000_000))
    {
        bail!("{}: frequency {k:?} is not below a million", path.display());
    }
    let square: f64 = terms.iter().map(|(_, c)| c.norm_sqr()).sum();
    if !square.is_finite() || (square < 1e-280 && terms.iter().any(|(_, c)| c.norm() > 0.0)) {
        bail!("{}: the squares of the right-hand side leave the numbers: scale the problem", path.display());
    }
    let lift = (lift || given.dimension > 3).then_some(most);
    let (forcing, vectors) = on_lattice(terms, given.dimension, lift, path)?;
    Ok(Problem { equation: given.equation, forcing, dimension: given.dimension, vectors })
}

/// Terms on the full lattice, or on that of their own frequencies.
fn on_lattice(
    terms: Vec<(Vec<i32>, Complex64)>,
    dimension: usize,
    lift: Option<usize>,
    path: &Path,
) -> anyhow::Result<(Spectrum, Vec<Vec<i32>>)> {
    let name = || path.display().to_string();
    let Some(most) = lift else {
        let vectors = (0..dimension).map(|j| (0..dimension).map(|i| i32::from(i == j)).collect()).collect();
        return Ok((Spectrum::new(Arc::new(Lattice::unit(dimension)), terms).with_context(name)?, vectors));
    };
    let vectors = basis(terms.iter().map(|(k, _)| k.as_slice()));
    if vectors.is_empty() || vectors.len() > most {
        bail!(
            "{}: {} independent frequencies in {dimension} dimensions, expected 1 to {most}",
            path.display(),
            vectors.len()
        );
    }
    let lattice = Arc::new(Lattice::spanned(&vectors).with_context(name)?);
    let lifted = terms.into_iter().map(|(k, c)| {
        let n = coordinates(&vectors, &k);
        n.map(|n| (n, c))
            .ok_or_else(|| anyhow!("{}: frequency {k:?} is out of reach of the lattice", path.display()))
    });
    Ok((Spectrum::new(lattice, lifted.collect::<anyhow::Result<Vec<_>>>()?).with_context(name)?, vectors))
}

/// A basis of all integer combinations of some frequencies, by Euclid's algorithm on rows.
fn basis<'a>(frequencies: impl Iterator<Item = &'a [i32]>) -> Vec<Vec<i32>> {
    let mut rows: Vec<(usize, Vec<i64>)> = Vec::new();
    for k in frequencies {
        let mut k: Vec<i64> = k.iter().map(|entry| i64::from(*entry)).collect();
        for (pivot, row) in &mut rows {
            while k[*pivot] != 0 {
                let times = row[*pivot] / k[*pivot];
                row.iter_mut().zip(&k).for_each(|(a, b)| *a -= times * b);
                std::mem::swap(row, &mut k);
            }
        }
        if let Some(pivot) = k.iter().position(|entry| *entry != 0) {
            rows.push((pivot, k));
        }
    }
    rows.into_iter().map(|(_, row)| row.into_iter().map(|entry| entry as i32).collect()).collect()
}

/// n with k = Σ n_j v_j, if it is integer: normal equations by elimination, checked exactly.
fn coordinates(vectors: &[Vec<i32>], k: &[i32]) -> Option<Vec<i32>> {
    let size = vectors.len();
    let dot = |a: &[i32], b: &[i32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let mut system: Vec<Vec<f64>> =
        vectors.iter().map(|v| vectors.iter().map(|w| dot(v, w)).chain([dot(v, k)]).collect()).collect();
    for i in 0..size {
        let pivot = system[i].clone();
        for row in system.iter_mut().skip(i + 1) {
            let factor = row[i] / pivot[i];
            row.iter_mut().zip(&pivot).for_each(|(a, p)| *a -= factor * p);
        }
    }
    let mut n = vec![0; size];
    for i in (0..size).rev() {
        let above: f64 = (i + 1..size).map(|j| system[i][j] * f64::from(n[j])).sum();
        n[i] = ((system[i][size] - above) / system[i][i]).round() as i32;
    }
    let exact = (0..k.len()).all(|place| {
        vectors.iter().zip(&n).map(|(v, n)| i64::from(v[place]) * i64::from(*n)).sum::<i64>()
            == i64::from(k[place])
    });
    exact.then_some(n)
}

/// Reads coefficients: columns k1 … kd, re, im, for k and −k both, on the full lattice.
pub fn read_coefficients(path: &Path) -> anyhow::Result<Spectrum> {
    let terms = read_terms(path)?;
    let dimension = terms[0].0.len();
    Ok(on_lattice(terms, dimension, None, path)?.0)
}

/// Reads coefficients onto the lattice of a problem.
pub fn read_on(path: &Path, problem: &Problem) -> anyhow::Result<Spectrum> {
    let mut lifted = Vec::new();
    for (k, c) in read_terms(path)? {
        let n = (k.len() == problem.dimension).then(|| coordinates(&problem.vectors, &k)).flatten();
        let n = n.ok_or_else(|| {
            usage(format!("{}: frequency {k:?} is none of the problem's lattice", path.display()))
        })?;
        lifted.push((n, c));
    }
    Spectrum::new(problem.forcing.lattice().clone(), lifted).with_context(|| path.display().to_string())
}

/// Reads frequencies and coefficients.
fn read_terms(path: &Path) -> anyhow::Result<Vec<(Vec<i32>, Complex64)>> {
    let named = named_matrix(path)?;
    let width = named.values.ncols();
    if width < 3 {
        return Err(usage(format!("{}: expected columns k1, …, re, im, found {width}", path.display())));
    }
    // A file without a header gets the names x1, x2, ….
    let given = named.names.iter().any(|name| !name.starts_with('x'));
    let expected: Vec<String> =
        (1..=width - 2).map(|k| format!("k{k}")).chain(["re".into(), "im".into()]).collect();
    if given && named.names != expected {
        return Err(usage(format!(
            "{}: expected the columns {}, found {}",
            path.display(),
            expected.join(", "),
            named.names.join(", ")
        )));
    }
    let mut terms = Vec::new();
    for (line, row) in named.values.outer_iter().enumerate() {
        let entry = |x: &f64| (x.fract() == 0.0 && x.abs() < 1e6).then_some(*x as i32);
        let k: Option<Vec<i32>> = row.iter().take(width - 2).map(entry).collect();
        let k = k.ok_or_else(|| {
            usage(format!(
                "{}: row {} has a frequency that is no integer below a million",
                path.display(),
                line + 1
            ))
        })?;
        terms.push((k, Complex64::new(row[width - 2], row[width - 1])));
    }
    Ok(terms)
}

/// Writes coefficients with frequencies in Zᵈ.
pub fn write_coefficients(path: &Path, function: &Spectrum, vectors: &[Vec<i32>]) -> anyhow::Result<()> {
    let dimension = vectors[0].len();
    let whole = |n: &[i32]| {
        let entry =
            |place: usize| vectors.iter().zip(n).map(|(v, n)| i64::from(v[place]) * i64::from(*n)).sum();
        (0..dimension).map(entry).collect::<Vec<i64>>()
    };
    let mut rows: BTreeMap<Vec<i64>, Complex64> = function.terms().map(|(n, c)| (whole(n), c)).collect();
    if rows.is_empty() {
        // A file that can be read back.
        rows.insert(vec![0; dimension], Complex64::default());
    }
    let mut columns: Vec<Column> = (0..dimension)
        .map(|place| {
            Column::new(format!("k{}", place + 1).into(), rows.keys().map(|k| k[place]).collect::<Vec<i64>>())
        })
        .collect();
    columns.push(Column::new("re".into(), rows.values().map(|c| c.re).collect::<Vec<f64>>()));
    columns.push(Column::new("im".into(), rows.values().map(|c| c.im).collect::<Vec<f64>>()));
    write_columns(path, columns)
}

/// What a grid says about the rest of a norm.
pub fn tail(found: &Estimated) -> String {
    match found.tail {
        0.0 => "none: coefficients end in rounding".into(),
        tail if tail.is_nan() => "not known from this grid: coefficients are too few for a slope".into(),
        tail if tail.is_infinite() => {
            format!("infinite, if coefficients go on falling like |n|^{:.2}", found.decay)
        }
        tail => format!(
            "about {}, if coefficients go on falling like |n|^{:.2}",
            format_number(tail),
            found.decay
        ),
    }
}
