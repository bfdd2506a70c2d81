//! The colour of a member, which Arthas' relay makes from the id.

/// `#rrggbb`, none of its parts darker than 64.
pub(super) fn color(id: &str) -> String {
    let hash = id.chars().fold(0_u32, |hash, letter| {
        hash.wrapping_mul(31).wrapping_add(u32::from(letter))
    });
    let part = |shift: u32| hash >> shift & 255 | 64;
    format!("#{:02x}{:02x}{:02x}", part(16), part(8), part(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_those_of_arthas() {
        assert_eq!(color("a1b2c3d4"), "#cce8c0");
        assert_eq!(color("00000000"), "#475840");
    }
}
