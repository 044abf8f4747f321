//! The master key, which seals every secret at rest.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use presign_store::backup::MASTER_KEY;
use zeroize::{Zeroize, Zeroizing};

use crate::exposure::{Exposure, mode};

/// Thirty-two bytes that seal secrets. Wiped from memory when dropped, never printed, never all zero.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct MasterKey([u8; 32]);

/// The text is no master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMasterKey {
    /// It is something else than 64 hexadecimal digits.
    #[error("must be 64 hexadecimal digits (32 bytes); `openssl rand -hex 32` makes such a key")]
    NotHexadecimal,
    /// Nothing but zeros: a placeholder that was never filled in.
    #[error("is all zeros, which is no key; `openssl rand -hex 32` makes one")]
    AllZero,
}

/// Why the server cannot have its master key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// There are sealed secrets, and the key that opens them is not there.
    #[error(
        "{}: the master key is missing, and this store holds {sealed} access key(s) sealed with it; restore the file, \
         or set master_key or master_key_file to the key. Without it the secrets are lost: set PRESIGN_ROOT_ACCESS_KEY_ID \
         and PRESIGN_ROOT_SECRET_ACCESS_KEY for every start, or delete the lost keys (presign access-key delete) and the \
         next start makes a root key",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// How many secrets are sealed with it.
        sealed: usize,
    },
    /// The file holds no key.
    #[error("{}: the master key {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: InvalidMasterKey,
    },
    /// Others can read the file.
    #[error("{}: everybody on the machine may read the master key (mode {mode:03o}); run: chmod 600 {}", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The system refused.
    #[error("{}: the master key cannot be {action}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `made`.
        action: &'static str,
        /// The system's words.
        reason: String,
    },
}

impl MasterKey {
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidMasterKey`], which says what it must be and never what it was.
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKey> {
        let mut key = Self([0; 32]);
        if text.len() != 64 {
            return Err(InvalidMasterKey::NotHexadecimal);
        }
        for (byte, pair) in key.0.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                return Err(InvalidMasterKey::NotHexadecimal);
            };
            *byte = u8::try_from(high << 4 | low).map_err(|_| InvalidMasterKey::NotHexadecimal)?;
        }
        if key.0 == [0; 32] { Err(InvalidMasterKey::AllZero) } else { Ok(key) }
    }

    /// A new key from the operating system's random source.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut key = Self([0; 32]);
        getrandom::fill(&mut key.0)?;
        Ok(key)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        text
    }

    /// Reads the key of a data directory; `None` if it has none.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, MasterKeyError> {
        let path = directory.join(MASTER_KEY);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(MasterKeyError::Io { path, action: "read", reason: error.to_string() }),
        };
        check_mode(&path)?;
        Self::parse(text.trim()).map(Some).map_err(|reason| MasterKeyError::Invalid { path, reason })
    }

    /// Makes the key of a data directory, durably, before anything is sealed with it.
    pub(super) fn create(directory: &Path) -> Result<Self, MasterKeyError> {
        let path = directory.join(MASTER_KEY);
        let failed = |reason: String| MasterKeyError::Io { path: path.clone(), action: "made", reason };
        let key = Self::random().map_err(|error| failed(error.to_string()))?;
        let write = || -> io::Result<()> {
            // Under its name only when it is whole: a crash half-way must not leave a key that is cut short. In a file of
            // our own making: one that is there already may be a link, or be open to all.
            let unfinished = directory.join(format!("{MASTER_KEY}.unfinished"));
            match std::fs::remove_file(&unfinished) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
            file.write_all(key.to_hex().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            std::fs::rename(&unfinished, &path)?;
            File::open(directory)?.sync_all()
        };
        write().map_err(|error| failed(error.to_string()))?;
        Ok(key)
    }

    pub(super) fn missing(directory: &Path, sealed: usize) -> MasterKeyError {
        MasterKeyError::Missing { path: directory.join(MASTER_KEY), sealed }
    }
}

fn check_mode(path: &Path) -> Result<(), MasterKeyError> {
    let metadata = std::fs::metadata(path).map_err(|error| MasterKeyError::Io {
        path: path.to_owned(),
        action: "read",
        reason: error.to_string(),
    })?;
    match Exposure::of(&metadata) {
        Exposure::Private => Ok(()),
        Exposure::Readable | Exposure::Writable => {
            Err(MasterKeyError::Exposed { path: path.to_owned(), mode: mode(&metadata) })
        }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_64_digits_and_not_all_zero() {
        let key = MasterKey::parse(&"aB".repeat(32)).unwrap();
        assert_eq!(key.as_bytes(), &[0xab; 32]);
        assert_eq!(MasterKey::parse(&"00".repeat(32)), Err(InvalidMasterKey::AllZero));
        for text in ["", &"ab".repeat(31), &"ab".repeat(33), &"zz".repeat(32), &"é".repeat(32)] {
            assert_eq!(MasterKey::parse(text), Err(InvalidMasterKey::NotHexadecimal), "{text}");
        }
        assert!(!format!("{key:?}").contains("ab"));
    }

    #[test]
    fn a_made_key_is_read_back_and_readable_by_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(MasterKey::read(directory.path()), Ok(None));
        let made = MasterKey::create(directory.path()).unwrap();
        assert_eq!(MasterKey::read(directory.path()), Ok(Some(made)));
        let path = directory.path().join(MASTER_KEY);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(
            MasterKey::read(directory.path()),
            Err(MasterKeyError::Exposed { path: path.clone(), mode: 0o644 })
        );
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "0".repeat(64)).unwrap();
        assert_eq!(
            MasterKey::read(directory.path()),
            Err(MasterKeyError::Invalid { path, reason: InvalidMasterKey::AllZero })
        );
    }

    #[test]
    fn a_key_is_not_written_into_a_file_that_others_can_read() {
        let directory = tempfile::tempdir().unwrap();
        let unfinished = directory.path().join("master.key.unfinished");
        let elsewhere = directory.path().join("elsewhere");
        let is_ours_alone = |made: MasterKey| {
            assert_eq!(MasterKey::read(directory.path()), Ok(Some(made)));
            let path = directory.path().join(MASTER_KEY);
            assert_eq!(std::fs::symlink_metadata(path).unwrap().permissions().mode(), 0o100_600);
            assert!(!unfinished.exists());
        };
        std::fs::write(&unfinished, "cut sho").unwrap();
        std::fs::set_permissions(&unfinished, PermissionsExt::from_mode(0o644)).unwrap();
        is_ours_alone(MasterKey::create(directory.path()).unwrap());
        std::os::unix::fs::symlink(&elsewhere, &unfinished).unwrap();
        is_ours_alone(MasterKey::create(directory.path()).unwrap());
        assert!(!elsewhere.exists());
    }
}
