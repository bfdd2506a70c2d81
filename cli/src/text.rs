//! Text from strangers, made safe for a terminal.
//!
//! A name or message may carry escape sequences, which could clear the screen, set the title or type for the user, and
//! characters that turn the direction of text around. What is left of it keeps its letters.

/// `text` on one line: escape sequences and hidden characters gone, white space folded.
pub(crate) fn clean_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` with its lines kept, and escape sequences and hidden characters gone.
pub(crate) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    anstream::adapter::strip_str(&text)
        .to_string()
        .chars()
        .filter_map(|c| match c {
            '\n' | '\t' => Some(c),
            '\r' => Some('\n'),
            c if is_hidden(c) => None,
            c => Some(c),
        })
        .collect()
}

/// `json`, which is text without line breaks, with every character that a terminal might obey written as an escape of
/// JSON's own. It says the same to whoever parses it.
pub(crate) fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A safety number as people read it out: two lines of six groups of five digits.
pub(crate) fn groups(digits: &str) -> Vec<String> {
    let digits: Vec<char> = digits.chars().collect();
    let line = |digits: &[char]| digits.chunks(5).map(String::from_iter).collect::<Vec<_>>().join(" ");
    digits.chunks(30).map(line).collect()
}

/// Whether the user lets programs write colors: <https://no-color.org>.
pub(crate) fn colors_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Control characters, and format characters that are invisible or change direction. U+200C and U+200D stay: scripts and
/// emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        for (hostile, harmless) in [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]52;c;ZXZpbA==\u{1b}\\after", "after"),
            ("\u{1b}[2J\u{1b}[H", ""),
            ("bell\u{7} back\u{8}space \u{7f}", "bell backspace"),
            ("\u{9b}31mred", "31mred"),
            ("user\u{202e}gpj.exe", "usergpj.exe"),
            ("zero\u{200b}width\u{feff}", "zerowidth"),
            ("two\nlines", "two lines"),
            ("overwritten\rnew", "overwritten new"),
            ("a\u{1b}", "a"),
            ("family \u{1f468}\u{200d}\u{1f469}", "family \u{1f468}\u{200d}\u{1f469}"),
            ("ünï → 漢字", "ünï → 漢字"),
        ] {
            let cleaned = clean_line(hostile);
            assert!(!cleaned.chars().any(is_hidden), "{cleaned:?}");
            assert_eq!(cleaned, harmless);
        }
        assert_eq!(clean("two\r\nlines\rthree"), "two\nlines\nthree");
    }

    #[test]
    fn a_safety_number_has_twelve_groups() {
        let digits: String = ('0'..='9').cycle().take(60).collect();
        assert_eq!(
            groups(&digits),
            [
                "01234 56789 01234 56789 01234 56789",
                "01234 56789 01234 56789 01234 56789"
            ]
        );
    }

    #[test]
    fn json_says_the_same_without_what_a_terminal_obeys() {
        let hostile = "\u{1b}[2J \u{9b}31m \u{202e}x \u{e0041} ü";
        let json = escape_json(&serde_json::to_string(hostile).unwrap());
        assert!(!json.chars().any(is_hidden), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    }
}
