fn main() {
    for a in std::env::args().skip(1) {
        println!("{}\n   {:?}", firstcut::nemo::route::debug_tokens(&a), firstcut::nemo::route::route(&a));
    }
}
