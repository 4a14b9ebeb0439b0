//! Contests with public packages on the same inputs.

use std::path::Path;

use high_dimensional::problems::Integrand;
use high_dimensional::sample;
use lab::ndarray::{Ix1, arr1, array};
use lab::{Failure, Profile};
use numerics::random::stream;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 1] {
    [Contest {
        id: "sampling",
        title: "Mean of a function over random points",
        work: "The share of a million random points of the unit square within the quarter disc; every entrant draws its own.",
        judged: Judged { name: "distance from π/4 in standard errors", target: Some(Target::AtMost(6.0)) },
        write_inputs: |profile, folder, _| {
            let points = if profile == Profile::Smoke { 1e3 } else { 1e6 };
            write_array(folder, "points", arr1(&[points]).view())
        },
        ours: vec![Ours { name: "plain sampling", differs: None, load }],
        rivals: vec![Rival { name: "NumPy", script: "numpy_sampling", function: "sampling", differs: None }],
        judge: |inputs, answer| {
            let points = read_array::<Ix1>(inputs, "points")?[0];
            let share = Integrand::QuarterDisc.mean();
            let found = answer.first().ok_or("an empty answer")?;
            Ok((found - share).abs() / (share * (1.0 - share) / points).sqrt())
        },
    }]
}

fn load(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let points = read_array::<Ix1>(inputs, "points")?[0] as usize;
    Ok(entrant(
        move || Ok(sample(Integrand::QuarterDisc, points, &mut stream(1, &["contest"]))?.mean),
        |mean| array![*mean].into_dyn(),
    ))
}
