use crate::program::text;
#[test]
fn x() {
    let _ = text;
}
