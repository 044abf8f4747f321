//! Sizes as people write them: `1048576`, `10MiB`, `2GB`.

/// Reads a number of bytes, with a binary unit (`KiB`, `MiB`, `GiB`, `TiB`: powers of 1024), a decimal one
/// (`KB`, `MB`, `GB`, `TB`: powers of 1000), or none.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let refuse = || format!("`{text}` is no size; write bytes (1048576), or 500KB, 10MiB, 2GiB");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        // Half of all tools mean 1000 by it and the other half 1024; a limit must not be a guess.
        "k" | "m" | "g" | "t" => {
            let unit = unit.trim_start().to_ascii_uppercase();
            return Err(format!(
                "`{text}` can be read two ways; write {number}{unit}B (powers of 1000) or {number}{unit}iB \
                 (powers of 1024)"
            ));
        }
        _ => return Err(refuse()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale)).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_size() {
        for (text, bytes) in [
            ("0", 0),
            ("1048576", 1_048_576),
            ("12B", 12),
            ("500KB", 500_000),
            ("10MiB", 10_485_760),
            ("10 mib", 10_485_760),
            ("2GB", 2_000_000_000),
            ("5TiB", 5_497_558_138_880),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_told() {
        for text in ["", "MiB", "-1", "1.5MiB", "10 XB", "99999999999TiB"] {
            assert!(parse(text).is_err_and(|why| why.contains("10MiB")), "{text}");
        }
    }

    #[test]
    fn an_ambiguous_unit_is_not_guessed() {
        assert!(parse("10M").is_err_and(|why| why.contains("10MB") && why.contains("10MiB")));
    }
}
