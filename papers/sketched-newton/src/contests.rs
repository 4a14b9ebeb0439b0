//! Contests with public packages: CasADi with Ipopt and SciPy on the collection and on control.

use std::path::Path;

use lab::ndarray::{Array1, ArrayD, Ix1, arr1};
use lab::{Failure, Profile};
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};
use sketched_newton::choice::Choice;
use sketched_newton::inner::{InnerSolver, Stop};
use sketched_newton::models::formulas::{Formulas, Known, collection};
use sketched_newton::models::{Control, random_saddle};
use sketched_newton::newton::{Convexity, Options, solve};
use sketched_newton::problem::Problem;
use sketched_newton::sketch::{Kind, Sampling, Sketch};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 4] {
    let rival = |name, script, function, differs| Rival { name, script, function, differs };
    let control =
        |id, title, work, side: fn(Profile, &Path, &mut rand_chacha::ChaCha8Rng) -> Result<(), Failure>| {
            Contest {
                id,
                title,
                work,
                judged: Judged { name: "largest error of y, u and λ", target: Some(Target::AtMost(1e-6)) },
                write_inputs: side,
                ours: vec![Ours { name: "Newton with LDLᵀ", differs: None, load: load_control }],
                rivals: vec![
                    rival("Ipopt, by CasADi", "control", "ipopt", Some("building is not in its time")),
                    rival("SciPy trust-constr", "control", "trust_constr", None),
                    rival("own Newton with SuperLU, NumPy", "control", "superlu", None),
                ],
                judge: judge_control,
            }
        };
    [
        Contest {
            id: "collection",
            title: "Twenty-six small problems",
            work: "All problems of the collection with more variables than constraints, from their starts to |F| ≤ 10⁻⁴ or less.",
            judged: Judged { name: "largest |f − f*|", target: Some(Target::AtMost(1e-3)) },
            write_inputs: write_collection,
            ours: vec![
                Ours { name: "practical mode with LDLᵀ", differs: None, load: load_collection },
                Ours { name: "published mode with Kaczmarz", differs: None, load: load_published },
            ],
            rivals: vec![
                rival("Ipopt, by CasADi", "collection", "ipopt", Some("building is not in its time")),
                rival("SciPy trust-constr", "collection", "trust_constr", None),
                rival("SciPy SLSQP", "collection", "slsqp", None),
            ],
            judge: |_, answer| {
                let known = chosen();
                if answer.len() != known.len() {
                    return Err(format!("{} values for {} problems", answer.len(), known.len()).into());
                }
                let pairs = known.iter().zip(answer);
                Ok(pairs.map(|(known, f)| (known.value.unwrap_or(f64::NAN) - f).abs()).fold(0.0, f64::max))
            },
        },
        control(
            "control-63",
            "Semilinear control, 63 × 63 points",
            "11,907 unknowns from zero to |F| ≤ 10⁻⁸.",
            |profile, folder, _| write_side(folder, if profile == Profile::Smoke { 5 } else { 63 }),
        ),
        control(
            "control-127",
            "Semilinear control, 127 × 127 points",
            "48,387 unknowns from zero to |F| ≤ 10⁻⁸.",
            |profile, folder, _| write_side(folder, if profile == Profile::Smoke { 7 } else { 127 }),
        ),
        Contest {
            id: "kaczmarz",
            title: "A million Kaczmarz steps",
            work: "A million row projections on a random saddle system of order 3,000 with 3.3 entries a row.",
            judged: Judged { name: "|r|/|b| afterwards", target: Some(Target::AtMost(0.01)) },
            write_inputs: |profile, folder, random| {
                let (size, steps) = if profile == Profile::Smoke { (30, 1e4) } else { (3_000, 1e6) };
                let system = random_saddle(size, random);
                let (mut rows, mut columns, mut values) = (Vec::new(), Vec::new(), Vec::new());
                for row in 0..size {
                    let (places, entries) = system.row(row);
                    rows.extend(places.iter().map(|_| row as f64));
                    columns.extend(places.iter().map(|place| f64::from(*place)));
                    values.extend(entries);
                }
                let mut right = vec![0.0; size];
                system.multiply(&vec![1.0; size], &mut right);
                write_array(folder, "rows", Array1::from(rows).view())?;
                write_array(folder, "columns", Array1::from(columns).view())?;
                write_array(folder, "values", Array1::from(values).view())?;
                write_array(folder, "right", Array1::from(right).view())?;
                write_array(folder, "steps", arr1(&[steps]).view())
            },
            ours: vec![Ours { name: "sparse rows", differs: None, load: load_kaczmarz }],
            rivals: vec![rival("Numba", "kaczmarz", "compiled", Some("compilation is not in its time"))],
            judge: |inputs, answer| {
                let (system, right, _) = read_system(inputs)?;
                let z: Vec<f64> = answer.iter().copied().collect();
                if z.len() != right.len() {
                    return Err(format!("{} numbers for {} unknowns", z.len(), right.len()).into());
                }
                Ok(system.residual(&z, &right) / right.iter().map(|b| b * b).sum::<f64>().sqrt())
            },
        },
    ]
}

/// Problems with n > m, each once.
fn chosen() -> Vec<Known> {
    let all = collection().into_iter().filter(|known| !known.is_square());
    all.filter(|known| !["BT6", "BT9"].contains(&known.name.as_str())).collect()
}

fn write_collection(
    _profile: Profile,
    folder: &Path,
    _random: &mut rand_chacha::ChaCha8Rng,
) -> Result<(), Failure> {
    let problems: Vec<serde_json::Value> = chosen()
        .iter()
        .map(|known| {
            serde_json::json!({
                "variables": known.variables, "x0": known.start, "objective": known.objective, "constraints": known.constraints,
            })
        })
        .collect();
    Ok(std::fs::write(folder.join("problems.json"), serde_json::to_vec(&problems)?)?)
}

fn load_with(choice: Choice, options: Options) -> Result<Box<dyn Entrant>, Failure> {
    let known = chosen();
    let problems = known.iter().map(Known::problem).collect::<Result<Vec<Formulas>, _>>()?;
    Ok(entrant(
        move || {
            let run = |(known, problem): (&Known, &Formulas)| -> Result<f64, Failure> {
                let multipliers = vec![0.0; known.constraints.len()];
                let mut solver = choice.solver(1);
                let found =
                    solve(problem, (&known.start, &multipliers), solver.as_mut(), &options, &mut |_, _| ())?;
                Ok(found.point.objective)
            };
            known.iter().zip(&problems).map(run).collect::<Result<Vec<f64>, Failure>>()
        },
        |values: &Vec<f64>| Array1::from(values.clone()).into_dyn(),
    ))
}

fn load_collection(_inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load_with(Choice::Direct, Options { tolerance: 1e-8, ..Options::practical() })
}

fn load_published(_inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load_with(Choice::Sketch(Kind::Kaczmarz(Sampling::Uniform)), Options::published())
}

fn write_side(folder: &Path, side: u32) -> Result<(), Failure> {
    write_array(folder, "side", arr1(&[f64::from(side)]).view())
}

fn side(inputs: &Path) -> Result<usize, Failure> {
    Ok(read_array::<Ix1>(inputs, "side")?[0] as usize)
}

fn load_control(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (problem, _) = Control::manufactured(side(inputs)?, 0.01);
    Ok(entrant(
        move || {
            let options = Options { convexity: Convexity::Trusted, ..Options::practical() };
            let start = (vec![0.0; problem.variables()], vec![0.0; problem.constraints()]);
            let mut solver = Choice::Direct.solver(0);
            let found = solve(&problem, (&start.0, &start.1), solver.as_mut(), &options, &mut |_, _| ())?;
            Ok([found.point.x, found.point.multipliers].concat())
        },
        |found: &Vec<f64>| Array1::from(found.clone()).into_dyn(),
    ))
}

fn judge_control(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (_, exact) = Control::manufactured(side(inputs)?, 0.01);
    let exact = [exact.variables, exact.multipliers].concat();
    if answer.len() != exact.len() {
        return Err(format!("{} numbers for {} unknowns", answer.len(), exact.len()).into());
    }
    Ok(answer.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

type System = (sketched_newton::sparse::Sparse, Vec<f64>, u64);

fn read_system(inputs: &Path) -> Result<System, Failure> {
    let [rows, columns, values, right, steps] =
        ["rows", "columns", "values", "right", "steps"].map(|name| read_array::<Ix1>(inputs, name));
    let (rows, columns, values, right) = (rows?, columns?, values?, right?.to_vec());
    let mut system = sketched_newton::sparse::Sparse::new(right.len());
    let mut place = 0;
    for row in 0..right.len() {
        while place < rows.len() && rows[place] == row as f64 {
            system.push(columns[place] as usize, values[place]);
            place += 1;
        }
        system.end_row();
    }
    Ok((system, right, steps?[0] as u64))
}

fn load_kaczmarz(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (system, right, steps) = read_system(inputs)?;
    Ok(entrant(
        move || {
            let mut sketch = Sketch::new(Kind::Kaczmarz(Sampling::Uniform), 1);
            sketch.prepare(&system)?;
            let mut z = vec![0.0; right.len()];
            sketch.solve(&system, &right, &mut z, &Stop { residual: 0.0, steps });
            Ok(z)
        },
        |z: &Vec<f64>| Array1::from(z.clone()).into_dyn(),
    ))
}
