//! Makes cargo embed the knowledge folder anew when a file is added to it or taken away: the compiler by itself watches only the
//! files that it has seen.

fn main() {
    println!("cargo::rerun-if-changed=knowledge");
}
