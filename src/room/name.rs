//! Names from strangers, made safe to show and to save under.
//!
//! A hostile name may hide its extension with a right-to-left override (U+202E), climb out of a folder, or name a device
//! of Windows. What is left of it keeps its letters.

use crate::error::{Error, Result};

/// Longest member name, in UTF-8 bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// Longest file name, in UTF-8 bytes: what common file systems take.
pub const MAX_FILE_NAME_BYTES: usize = 255;
/// Longest MIME type, in bytes (RFC 6838 section 4.2).
pub const MAX_MIME_BYTES: usize = 127;

const DEFAULT_MIME: &str = "application/octet-stream";
const DEFAULT_FILE_NAME: &str = "file";
/// Names that Windows reserves, with any extension (Microsoft, "Naming Files, Paths, and Namespaces").
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// Removes control, format and direction characters, folds white space, and trims.
///
/// # Errors
/// [`Error::InvalidName`] when nothing is left, or more than [`MAX_NAME_BYTES`].
pub fn clean_member_name(name: &str) -> Result<String> {
    let kept: String = name.chars().filter(|c| !is_hidden(*c)).collect();
    let cleaned = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    if cleaned.is_empty() || cleaned.len() > MAX_NAME_BYTES {
        return Err(Error::InvalidName {
            limit: MAX_NAME_BYTES,
            unit: "bytes",
        });
    }
    Ok(cleaned)
}

/// Makes any text a file name: the last part of a path, without hidden or reserved characters, short enough, never empty.
#[must_use]
pub fn clean_file_name(name: &str) -> String {
    let last = name
        .rsplit(['/', '\\'])
        .find(|part| !part.trim().is_empty())
        .unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| {
            if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') {
                '_'
            } else {
                c
            }
        })
        .collect();
    // Windows drops trailing dots and spaces; a leading dot would hide the file, and "..", ".", are folders.
    let trimmed = kept.trim().trim_start_matches('.').trim_end_matches(['.', ' ']).trim();
    let stem = trimmed.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let device = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let reserved = RESERVED.contains(&device) && stem.len() <= device.len().saturating_add(1);
    let name = match (trimmed.is_empty(), reserved) {
        (true, _) => DEFAULT_FILE_NAME.to_owned(),
        (_, true) => format!("_{trimmed}"),
        _ => trimmed.to_owned(),
    };
    shorten(&name)
}

/// A MIME type in lower case, or the default when `mime` is not of the form `type/subtype`.
#[must_use]
pub fn clean_mime(mime: &str) -> String {
    let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match essence.split_once('/') {
        Some((kind, subtype)) if essence.len() <= MAX_MIME_BYTES && token(kind) && token(subtype) => essence,
        _ => DEFAULT_MIME.to_owned(),
    }
}

/// Cuts to [`MAX_FILE_NAME_BYTES`] at a character boundary, keeping a short extension.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_FILE_NAME_BYTES {
        return name.to_owned();
    }
    let extension = match name.rsplit_once('.') {
        Some((_, extension)) if extension.len() <= 16 => format!(".{extension}"),
        _ => String::new(),
    };
    let room = MAX_FILE_NAME_BYTES.saturating_sub(extension.len());
    let end = (0..=room)
        .rev()
        .find(|end| name.is_char_boundary(*end))
        .unwrap_or_default();
    format!("{}{extension}", name.get(..end).unwrap_or_default())
}

/// Control characters, and the format characters that change direction or are invisible. U+200D stays: emoji need it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_file_names_become_harmless() {
        for (hostile, harmless) in [
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system32\\cmd.exe", "cmd.exe"),
            ("C:\\x.txt", "x.txt"),
            ("/", "file"),
            ("", "file"),
            ("..", "file"),
            (" . ", "file"),
            (".bashrc", "bashrc"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("a\0b\n.txt", "ab.txt"),
            ("CON", "_CON"),
            ("com1.txt", "_com1.txt"),
            ("console.log", "console.log"),
            ("a<b>:c?.txt", "a_b__c_.txt"),
            ("name.txt. . ", "name.txt"),
            (
                "family \u{1f469}\u{200d}\u{1f467}.jpg",
                "family \u{1f469}\u{200d}\u{1f467}.jpg",
            ),
        ] {
            assert_eq!(clean_file_name(hostile), harmless, "{hostile:?}");
        }
    }

    #[test]
    fn a_long_file_name_keeps_its_extension() {
        let name = clean_file_name(&format!("{}.jpeg", "\u{e9}".repeat(400)));
        assert!(name.len() <= MAX_FILE_NAME_BYTES && name.ends_with("\u{e9}.jpeg"));
    }

    #[test]
    fn member_names_are_cleaned_or_refused() {
        assert_eq!(clean_member_name("  Ada\u{202e}\n  Lovelace ").unwrap(), "Ada Lovelace");
        for name in ["", " \n", "\u{200b}", &"x".repeat(65)] {
            assert_eq!(clean_member_name(name).unwrap_err().code(), "INVALID_NAME");
        }
    }

    #[test]
    fn only_mime_types_pass_as_such() {
        assert_eq!(clean_mime("Image/PNG; q=1"), "image/png");
        for wrong in [
            "",
            "image",
            "a/b/c",
            "text/ht ml",
            "\u{e9}/x",
            &format!("a/{}", "b".repeat(200)),
        ] {
            assert_eq!(clean_mime(wrong), DEFAULT_MIME, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_file_name(text: String) {
            let name = clean_file_name(&text);
            prop_assert!(!name.is_empty() && name.len() <= MAX_FILE_NAME_BYTES);
            prop_assert!(!name.contains(['/', '\\', '\0']) && name != "." && name != "..");
            prop_assert_eq!(clean_file_name(&name), name);
        }
    }
}
