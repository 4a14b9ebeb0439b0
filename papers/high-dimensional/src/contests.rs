//! Contests with public packages: scikit-learn's mutual information, skglm's and celer's paths, statsmodels' mixed models.

use std::path::Path;

use high_dimensional::information::density::Settings;
use high_dimensional::information::exact::Family;
use high_dimensional::information::screen::{Method as Estimate, screen};
use high_dimensional::information::{Outcome, linfoot};
use high_dimensional::mixed::{Clusters, Effects, Shape, fit};
use high_dimensional::sparse::path::{Rule, path};
use high_dimensional::sparse::solvers::{Method, Options};
use high_dimensional::sparse::{Coefficients, Columns, Loss, Penalty, Problem};
use lab::ndarray::{Array1, Array2, ArrayD, Axis, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 7] {
    let rival = |name, script, function, differs| Rival { name, script, function, differs };
    let paths =
        |id, title, work, other, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| {
            Contest {
                id,
                title,
                work,
                judged: Judged {
                    name: "largest KKT residual along the path",
                    target: Some(Target::AtMost(2e-6)),
                },
                write_inputs,
                ours: vec![
                    Ours { name: "coordinate descent, strong rule", differs: None, load: load_coordinate },
                    Ours { name: "accelerated gradient, strong rule", differs: None, load: load_accelerated },
                ],
                rivals: vec![other],
                judge: judge_path,
            }
        };
    let screens =
        |id, title, work, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| Contest {
            id,
            title,
            work,
            judged: Judged { name: "mean distance of Linfoot's coefficient from the truth", target: None },
            write_inputs,
            ours: vec![Ours {
                name: "binned kernel densities",
                differs: Some("another estimator"),
                load: load_screen,
            }],
            rivals: vec![rival(
                "scikit-learn, neighbours",
                "screens",
                "regression",
                Some("another estimator"),
            )],
            judge: judge_screen,
        };
    let skglm = || rival("skglm", "paths", "mcp", Some("compilation is not in its time"));
    let celer = || rival("celer", "paths", "lasso", None);
    [
        screens(
            "screen",
            "Mutual information of 100 columns, 1,000 rows",
            "An outcome against normal columns with correlations from 0 to 0.9.",
            |profile, folder, random| {
                write_screen(folder, if profile == Profile::Smoke { (4, 60) } else { (100, 1_000) }, random)
            },
        ),
        screens(
            "screen-large",
            "Mutual information of 1,000 columns, 1,000 rows",
            "Ten times as many columns.",
            |profile, folder, random| {
                write_screen(folder, if profile == Profile::Smoke { (6, 60) } else { (1_000, 1_000) }, random)
            },
        ),
        paths(
            "path",
            "MCP, 300 rows, 1,000 columns",
            "Thirty penalties down to a tenth of the largest, KKT residual of 10⁻⁶.",
            skglm(),
            |profile, folder, random| {
                let size = if profile == Profile::Smoke { (40, 30) } else { (300, 1_000) };
                write_path(folder, size, Penalty::Mcp(3.0), random)
            },
        ),
        paths(
            "path-large",
            "MCP, 1,000 rows, 5,000 columns",
            "The same on a table seventeen times as large.",
            skglm(),
            |profile, folder, random| {
                let size = if profile == Profile::Smoke { (50, 40) } else { (1_000, 5_000) };
                write_path(folder, size, Penalty::Mcp(3.0), random)
            },
        ),
        paths(
            "lasso",
            "The lasso, 300 rows, 1,000 columns",
            "Thirty penalties down to a tenth of the largest, KKT residual of 10⁻⁶.",
            celer(),
            |profile, folder, random| {
                let size = if profile == Profile::Smoke { (40, 30) } else { (300, 1_000) };
                write_path(folder, size, Penalty::Lasso, random)
            },
        ),
        paths(
            "lasso-large",
            "The lasso, 1,000 rows, 5,000 columns",
            "The same on a table seventeen times as large.",
            celer(),
            |profile, folder, random| {
                let size = if profile == Profile::Smoke { (50, 40) } else { (1_000, 5_000) };
                write_path(folder, size, Penalty::Lasso, random)
            },
        ),
        Contest {
            id: "mixed",
            title: "A Gaussian mixed model, 60 groups of five",
            work: "Maximum likelihood of three fixed effects and a random intercept.",
            judged: Judged {
                name: "log-likelihood below the best known",
                target: Some(Target::AtMost(1e-4)),
            },
            write_inputs: |_, folder, random| {
                let mut rows = Array2::zeros((300, 5));
                for group in 0..60 {
                    let effect: f64 = StandardNormal.sample(random);
                    for i in 0..5 {
                        let mut row = rows.index_axis_mut(Axis(0), 5 * group + i);
                        let (a, b, e): (f64, f64, f64) = (
                            StandardNormal.sample(random),
                            StandardNormal.sample(random),
                            StandardNormal.sample(random),
                        );
                        row.assign(&arr1(&[group as f64, 1.0, a, b, 1.0 + 2.0 * a - b + effect + 0.8 * e]));
                    }
                }
                write_array(folder, "rows", rows.view())
            },
            ours: vec![Ours { name: "limited-memory BFGS", differs: None, load: load_mixed }],
            rivals: vec![rival("statsmodels MixedLM", "mixed", "likelihood", None)],
            judge: |inputs, answer| {
                let best = fit(&clusters(inputs)?, Shape::Gaussian, 0.0)?.log_likelihood;
                Ok(best - answer.first().ok_or("no log-likelihood")?)
            },
        },
    ]
}

fn write_screen(
    folder: &Path,
    (columns, rows): (usize, usize),
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let mut table = Array2::zeros((rows, columns));
    let y: Vec<f64> = (0..rows).map(|_| StandardNormal.sample(random)).collect();
    for (place, mut column) in table.columns_mut().into_iter().enumerate() {
        let rho = 0.9 * place as f64 / (columns - 1) as f64;
        let noise: Vec<f64> = (0..rows).map(|_| StandardNormal.sample(random)).collect();
        column
            .iter_mut()
            .zip(y.iter().zip(noise))
            .for_each(|(x, (y, e))| *x = rho * y + (1.0 - rho * rho).sqrt() * e);
    }
    write_array(folder, "x", table.view())?;
    write_array(folder, "y", Array1::from(y).view())
}

fn load_screen(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let x = read_array::<Ix2>(inputs, "x")?;
    let outcome = Outcome::Continuous(read_array::<Ix1>(inputs, "y")?.to_vec());
    let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|column| column.to_vec()).collect();
    Ok(entrant(
        move || {
            let mut scores = vec![0.0; columns.len()];
            for score in screen(&columns, &outcome, Estimate::Density(Settings::default()), 0, 0)? {
                scores[score.column] = score.information;
            }
            Ok(scores)
        },
        |scores: &Vec<f64>| Array1::from(scores.clone()).into_dyn(),
    ))
}

fn judge_screen(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let columns = read_array::<Ix2>(inputs, "x")?.ncols();
    if answer.len() != columns {
        return Err(format!("{} scores for {columns} columns", answer.len()).into());
    }
    let truth =
        |place: usize| linfoot(Family::Gaussian(0.9 * place as f64 / (columns - 1) as f64).information());
    let errors = answer.iter().enumerate().map(|(place, score)| (linfoot(*score) - truth(place)).abs());
    Ok(errors.sum::<f64>() / columns as f64)
}

fn write_path(
    folder: &Path,
    (rows, columns): (usize, usize),
    penalty: Penalty,
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let table: Vec<Vec<f64>> =
        (0..columns).map(|_| (0..rows).map(|_| StandardNormal.sample(random)).collect()).collect();
    let (x, _, _) = Columns::new(&table)?.standardised();
    let mut y: Vec<f64> = (0..rows).map(|_| StandardNormal.sample(random)).collect();
    for place in 0..20.min(columns / 2) {
        x.add(place * (columns / 20).max(1) % columns, 1.0, &mut y);
    }
    let mean = y.iter().sum::<f64>() / rows as f64;
    y.iter_mut().for_each(|y| *y -= mean);
    let dense = Array2::from_shape_fn((rows, columns), |(i, j)| x.column(j)[i]);
    let largest = problem(&x, &y, penalty, 0.0).largest_lambda();
    let sequence: Array1<f64> = (0..30).map(|k| largest * 0.1_f64.powf(f64::from(k) / 29.0)).collect();
    write_array(folder, "x", dense.view())?;
    write_array(folder, "y", Array1::from(y).view())?;
    write_array(folder, "lambdas", sequence.view())?;
    // MCP's shape; the lasso has none.
    let shape = if let Penalty::Mcp(gamma) = penalty { vec![gamma] } else { Vec::new() };
    write_array(folder, "shape", Array1::from(shape).view())
}

type Inputs = (Columns, Vec<f64>, Vec<f64>, Penalty);

fn read_path(inputs: &Path) -> Result<Inputs, Failure> {
    let x = read_array::<Ix2>(inputs, "x")?;
    let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|column| column.to_vec()).collect();
    Ok((
        Columns::new(&columns)?,
        read_array::<Ix1>(inputs, "y")?.to_vec(),
        read_array::<Ix1>(inputs, "lambdas")?.to_vec(),
        read_array::<Ix1>(inputs, "shape")?.first().map_or(Penalty::Lasso, |gamma| Penalty::Mcp(*gamma)),
    ))
}

fn problem<'a>(x: &'a Columns, y: &'a [f64], penalty: Penalty, lambda: f64) -> Problem<'a> {
    Problem { x, y, loss: Loss::Squared, weight: 1.0, penalty, lambda }
}

fn load_path(inputs: &Path, method: Method) -> Result<Box<dyn Entrant>, Failure> {
    let (x, y, sequence, penalty) = read_path(inputs)?;
    Ok(entrant(
        move || {
            let options = Options { tolerance: 1e-6, ..Options::default() };
            let steps =
                path(&problem(&x, &y, penalty, 0.0), &sequence, method, Rule::Strong, &options, &mut |_| {
                    true
                })?;
            let flat: Vec<f64> = steps.iter().flat_map(|step| step.fit.at.beta.clone()).collect();
            Ok((flat, steps.len()))
        },
        |(flat, steps): &(Vec<f64>, usize)| {
            Array2::from_shape_vec((*steps, flat.len() / steps), flat.clone())
                .map(|a| a.into_dyn())
                .unwrap_or_else(|_| arr1(&[]).into_dyn())
        },
    ))
}

fn load_coordinate(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load_path(inputs, Method::Coordinate)
}

fn load_accelerated(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load_path(inputs, Method::Tuned)
}

fn judge_path(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (x, y, sequence, penalty) = read_path(inputs)?;
    let answer = answer.view().into_dimensionality::<Ix2>()?;
    if answer.dim() != (sequence.len(), x.count()) {
        return Err(format!(
            "{:?} coefficients for {} penalties and {} columns",
            answer.dim(),
            sequence.len(),
            x.count()
        )
        .into());
    }
    let kkt = |(beta, lambda): (lab::ndarray::ArrayView1<f64>, &f64)| {
        problem(&x, &y, penalty, *lambda).kkt(&Coefficients { beta: beta.to_vec(), intercept: 0.0 })
    };
    Ok(answer.outer_iter().zip(&sequence).map(kkt).fold(0.0, f64::max))
}

fn clusters(inputs: &Path) -> Result<Clusters, Failure> {
    let rows = read_array::<Ix2>(inputs, "rows")?;
    let x: Vec<Vec<f64>> = rows.outer_iter().map(|row| vec![row[1], row[2], row[3]]).collect();
    let y: Vec<f64> = rows.column(4).to_vec();
    let groups: Vec<String> = rows.column(0).iter().map(|group| group.to_string()).collect();
    Ok(Clusters::new(&x, &y, &groups, Effects::Intercept)?)
}

fn load_mixed(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let clusters = clusters(inputs)?;
    Ok(entrant(
        move || Ok(fit(&clusters, Shape::Gaussian, 0.0)?.log_likelihood),
        |likelihood: &f64| arr1(&[*likelihood]).into_dyn(),
    ))
}
