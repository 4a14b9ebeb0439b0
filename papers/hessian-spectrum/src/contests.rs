//! stub
use rivals::Contest;
/// stub
pub fn contests() -> [Contest; 0] {
    []
}
