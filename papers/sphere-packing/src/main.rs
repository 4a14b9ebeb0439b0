
use sphere_packing::three_point::*;
use sphere_packing::semidefinite::*;
use sphere_packing::certificate::Certificate;
fn main() {
    let a: Vec<f64> = std::env::args().skip(1).map(|x| x.parse().unwrap()).collect();
    let p = Parameters { dimension: a[0] as usize, degree: a[1] as usize, radial_degree: a[2] as usize, radius: a[3], truncation: a[4], width: a[5], multipliers: multiplier::Multiplier::usual() };
    let t = std::time::Instant::now();
    let b = ThreePointBound::new(p).unwrap();
    println!("sampling {:?}", t.elapsed());
    let from = Precision::at_least(a[6] as usize).unwrap();
    let mut plan = sphere_packing::semidefinite::precision::Plan { from, ..Default::default() };
    plan.settings.start = a[7];
    let t = std::time::Instant::now();
    let out = sphere_packing::semidefinite::precision::solve(&b, &plan, &mut |p| { println!("{} {} {:.10} {:.10} gap {:.1e} p {:.1e} d {:.1e} mu {:.1e} steps {:.2?}", p.bits, p.iteration, p.primal, p.dual, p.gap, p.primal_infeasibility, p.dual_infeasibility, p.barrier, p.steps); true }).unwrap();
    for x in &out.attempts { println!("{x:?}"); }
    println!("solve {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let c = Certificate::ThreePoint(out.output);
    println!("json {}", c.to_json().len());
    println!("check {:?} {:?}", c.check().map(|p| p.decimal(14)), t.elapsed());
    let r = b.parameters().squares().0; let n = b.parameters().dimension;
    println!("value {}", sphere_packing::two_point::ball_volume(n, (r / std::f64::consts::TAU).sqrt() / 2.0) * out.attempts.last().unwrap().progress.primal);
}
