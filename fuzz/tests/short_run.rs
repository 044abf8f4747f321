//! Every target over its seeds and over some hundreds of mutations of them, without libFuzzer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use presign_fuzz::{TARGETS, Target};

/// Mutations of each target's seeds: the same ones on every machine, however fast it is.
const MUTATIONS: u32 = 200;

fn folder(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = folder("seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A small generator of random numbers (SplitMix64): the same sequence on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// What parsers stumble over.
const TOKENS: [&[u8]; 16] = [
    b"\n",
    b"%",
    b"%00",
    b"%2F",
    b"=",
    b"&",
    b",",
    b"\"",
    b"/",
    b"..",
    b":",
    b" ",
    b"\0",
    b"\xff",
    "é".as_bytes(),
    b"99999999999999999999",
];

fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        match random.below(5) {
            0 if at < input.len() => input[at] = random.next() as u8,
            1 if at < input.len() => {
                input.remove(at);
            }
            2 => {
                let token = TOKENS[random.below(TOKENS.len())];
                input.splice(at..at, token.iter().copied());
            }
            3 => input.truncate(at),
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                let to = from + random.below(other.len() + 1 - from);
                input.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    input
}

#[test]
fn every_property_holds_over_the_seeds_and_their_mutations() {
    let failures: Vec<String> =
        TARGETS.iter().enumerate().filter_map(|(at, target)| failure(at, target)).collect();
    assert!(failures.is_empty(), "the panics stand above; they came from\n{}", failures.join("\n"));
}

/// The target and the input of its first failure, if there is one.
fn failure(number: usize, target: &Target) -> Option<String> {
    let seeds = seeds(target.name);
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    let fails = |input: &[u8]| {
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        outcome.is_err().then(|| format!("{} on b\"{}\"", target.name, input.escape_ascii()))
    };
    let mut random = Random(number as u64);
    let mutations = (0..MUTATIONS).map(|_| mutate(&seeds, &mut random));
    seeds.iter().cloned().chain(mutations).find_map(|input| fails(&input))
}

/// A target that is missing in one of the places would never run there.
#[test]
fn every_target_has_a_libfuzzer_binary_and_a_line_in_the_record() {
    let manifest = std::fs::read_to_string(folder("libfuzzer/Cargo.toml")).unwrap();
    let record = std::fs::read_to_string(folder("../FUZZING.md")).unwrap();
    let mut names = BTreeSet::new();
    for target in TARGETS {
        let name = target.name;
        names.insert(name.to_owned());
        let binary = std::fs::read_to_string(folder(&format!("libfuzzer/fuzz_targets/{name}.rs"))).unwrap();
        assert!(binary.contains(&format!("presign_fuzz::targets::{name}::run(input)")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name} is no binary");
        assert!(record.contains(&format!("| `{name}` |")), "{name} is not in FUZZING.md");
    }
    let on_disk: BTreeSet<String> = std::fs::read_dir(folder("seeds"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(on_disk, names, "the folders of seeds");
}
