use sphere_packing::game::*;
use sphere_packing::game::play::*;
use sphere_packing::three_point::Harmonics;
fn main() {
    let a: Vec<usize> = std::env::args().skip(1).map(|x| x.parse().unwrap()).collect();
    let game = Game::new(a[0], a[1], a[2], Harmonics::All).unwrap();
    for player in Player::ALL { for seed in 0..a[4] {
        let t = std::time::Instant::now();
        let mut random = numerics::random::stream(seed as u64, &["x"]);
        let m = play(&game, player, a[3], &mut random, &mut store::Store::in_memory(), &mut |_| true).unwrap();
        println!("{player:?} {seed} first {:?} best {:?} failures {} multi {} {:?}", m[0].best, m.last().unwrap().best, m.iter().filter(|x| x.evaluation.bound.is_none()).count(), m.iter().filter(|x| x.evaluation.bits > 106).count(), t.elapsed());
        let b = m.iter().min_by(|a,b| a.evaluation.bound.unwrap_or(9.0).total_cmp(&b.evaluation.bound.unwrap_or(9.0))).unwrap();
        println!("   {:?} {:?}", game.parameters(&b.state).radius, (game.parameters(&b.state).truncation, game.parameters(&b.state).width, b.state.multipliers.iter().map(|x| x.to_string()).collect::<Vec<_>>(), m.iter().find_map(|x| x.evaluation.fault.clone())));
    }}
}
