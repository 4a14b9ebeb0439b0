use sphere_packing::three_point::*;
fn main() {
    for (n, ks) in [(3usize, vec![4usize,5,6,8,9]), (4, vec![4,5,9,10]), (12, vec![6,7,9]), (16, vec![7,8,9])] {
        let t = std::time::Instant::now();
        let v: Vec<_> = ks.iter().map(|k| predictor::kissing_bound(n, *k)).collect();
        println!("{n} {v:?} {:?}", t.elapsed());
    }
}
