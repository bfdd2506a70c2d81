//! Embeds the page anew when its build changes: the compiler does not notice files that come and go.

use std::path::Path;

fn main() {
    let built = "../www/dist";
    // Watching a path that is not there would mean building anew each time.
    let watched = if Path::new(built).exists() { built } else { "../www" };
    println!("cargo:rerun-if-changed={watched}");
}
