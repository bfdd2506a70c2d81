//! What is said of a file before its chunks, sealed: as web clients write it, and as the agent plugin does.

use crate::{
    encoding,
    error::{Error, Result},
    frame::Bin,
    room::{
        arthas::{
            canonical::{canonical, Form},
            chunks::Chunking,
            json::{object, text_of, Json, Map},
            sealing::Iv,
        },
        file::MAX_VOICE_SECONDS,
        name::{clean_file_name, clean_mime},
    },
    sorted::in_order,
};

/// Longest metadata, in bytes of plaintext: more does not fit into a frame.
const MAX_BYTES: usize = 102_400;
/// Longest thumbnail, in bytes.
const MAX_THUMBNAIL_BYTES: usize = 51_200;
const WRONG: Error = Error::InvalidFrame("not the metadata of a file");

/// A file.
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) chunking: Chunking,
    pub(super) voice_seconds: Option<u32>,
    pub(super) thumbnail: Option<Bin>,
    /// Ours: what each chunk is sealed with. As only one ciphertext opens under an IV that was used once, nobody without the
    /// room's key can put another chunk in the place of one.
    pub(super) ivs: Option<Vec<Iv>>,
}

impl Metadata {
    pub(super) fn encode(&self, transfer_id: &str) -> Vec<u8> {
        let number = |count: u64| Json::Number(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        let mut map = object([
            ("transferId", transfer_id.into()),
            ("fileName", self.name.as_str().into()),
            ("fileSize", number(self.chunking.size())),
            ("mimeType", self.mime.as_str().into()),
            ("totalChunks", number(self.chunking.count())),
        ]);
        if let Some(seconds) = self.voice_seconds {
            map.insert("isVoice".into(), Json::Bool(true));
            map.insert("duration".into(), number(u64::from(seconds.max(1))));
        }
        if let Some(ivs) = &self.ivs {
            let ivs = encoding::encode(&ivs.concat());
            map.insert("chunkIvs".into(), ivs.as_str().into());
        }
        canonical(&map, Form::Js).into_bytes()
    }

    /// # Errors
    /// [`Error::InvalidFrame`] for anything that is no file, or whose number of chunks is not that of its size;
    /// [`Error::Misdirected`] for the metadata of another transfer; [`Error::TooLarge`].
    pub(super) fn parse(plaintext: &[u8], transfer_id: &str) -> Result<Self> {
        if plaintext.len() > MAX_BYTES {
            return Err(WRONG);
        }
        let text = core::str::from_utf8(plaintext).map_err(|_| WRONG)?;
        let Some(Json::Map(map)) = Json::parse(text) else {
            return Err(WRONG);
        };
        // The plugin says no id.
        if text_of(&map, "transferId").is_some_and(|id| id != transfer_id) {
            return Err(Error::Misdirected);
        }
        let name = text_of(&map, "fileName").or_else(|| text_of(&map, "name"));
        let size = count(&map, "fileSize").or_else(|| count(&map, "size"));
        let chunking = Chunking::new(size.ok_or(WRONG)?).map_err(|error| match error {
            Error::Unsupported(_) => WRONG,
            other => other,
        })?;
        if count(&map, "totalChunks") != Some(chunking.count()) {
            return Err(WRONG);
        }
        let ivs = text_of(&map, "chunkIvs")
            .map(|text| parse_ivs(&text, chunking))
            .transpose()?;
        Ok(Self {
            name: clean_file_name(&name.ok_or(WRONG)?),
            mime: clean_mime(&text_of(&map, "mimeType").unwrap_or_default()),
            chunking,
            voice_seconds: voice_seconds(&map),
            thumbnail: map.get(&"thumbnail".into()).and_then(thumbnail),
            ivs,
        })
    }
}

fn count(map: &Map, key: &str) -> Option<u64> {
    map.get(&key.into())?.as_count()
}

/// Only of what says plainly that it is a voice message.
fn voice_seconds(map: &Map) -> Option<u32> {
    if map.get(&"isVoice".into()) != Some(&Json::Bool(true)) {
        return None;
    }
    let seconds = count(map, "duration")
        .unwrap_or(1)
        .clamp(1, u64::from(MAX_VOICE_SECONDS));
    u32::try_from(seconds).ok()
}

/// JavaScript's JSON of a byte array: `{"0":255,"1":216,...}`. Only a picture, as far as its first bytes say.
fn thumbnail(json: &Json) -> Option<Bin> {
    let map = json.as_map()?;
    if map.len() > MAX_THUMBNAIL_BYTES {
        return None;
    }
    let bytes = (0..map.len())
        .map(|index| u8::try_from(count(map, &index.to_string())?).ok())
        .collect::<Option<Vec<u8>>>()?;
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let is_picture = [&b"\x89PNG"[..], b"\xff\xd8\xff", b"GIF8"]
        .iter()
        .any(|magic| bytes.starts_with(magic));
    (is_webp || is_picture).then_some(Bin(bytes))
}

fn parse_ivs(text: &str, chunking: Chunking) -> Result<Vec<Iv>> {
    let bytes = encoding::decode(text).ok_or(WRONG)?;
    let ivs: Vec<Iv> = bytes.chunks_exact(12).filter_map(|iv| iv.try_into().ok()).collect();
    let mut distinct = in_order(&ivs);
    distinct.dedup();
    let expected = usize::try_from(chunking.count()).map_err(|_| WRONG)?;
    if bytes.len() != expected.saturating_mul(12) || distinct.len() != expected {
        return Err(WRONG);
    }
    Ok(ivs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Metadata> {
        Metadata::parse(text.as_bytes(), "t")
    }

    #[test]
    fn both_dialects_are_read() {
        let web = parse(r#"{"transferId":"t","fileName":"a.txt","fileSize":65537,"mimeType":"text/plain","totalChunks":2,"extra":1}"#).unwrap();
        assert_eq!(
            (web.name.as_str(), web.mime.as_str(), web.chunking.count()),
            ("a.txt", "text/plain", 2)
        );
        assert!(web.voice_seconds.is_none() && web.thumbnail.is_none() && web.ivs.is_none());
        let plugin = parse(r#"{"name":"../b","size":1,"mimeType":"","totalChunks":1}"#).unwrap();
        assert_eq!(
            (plugin.name.as_str(), plugin.mime.as_str()),
            ("b", "application/octet-stream")
        );
    }

    #[test]
    fn what_cannot_be_a_file_is_refused() {
        for (text, code) in [
            ("", "INVALID_FRAME"),
            ("[]", "INVALID_FRAME"),
            (
                r#"{"transferId":"other","fileName":"a","fileSize":1,"totalChunks":1}"#,
                "MISDIRECTED",
            ),
            (r#"{"fileName":"a","fileSize":0,"totalChunks":0}"#, "INVALID_FRAME"),
            (r#"{"fileName":"a","fileSize":5242881,"totalChunks":81}"#, "TOO_LARGE"),
            (r#"{"fileName":"a","fileSize":1,"totalChunks":1e9}"#, "INVALID_FRAME"),
            (r#"{"fileName":"a","fileSize":1.5,"totalChunks":1}"#, "INVALID_FRAME"),
            (r#"{"fileName":"a","fileSize":-1,"totalChunks":1}"#, "INVALID_FRAME"),
            (r#"{"fileName":7,"fileSize":1,"totalChunks":1}"#, "INVALID_FRAME"),
            (
                r#"{"fileName":"a","fileSize":1,"totalChunks":1,"chunkIvs":"AA"}"#,
                "INVALID_FRAME",
            ),
            (&" ".repeat(MAX_BYTES + 1), "INVALID_FRAME"),
        ] {
            assert_eq!(parse(text).err().map(|error| error.code()), Some(code), "{text}");
        }
    }

    #[test]
    fn only_the_plain_yes_makes_a_voice_message() {
        for (said, seconds) in [
            (r#""isVoice":true,"duration":7"#, Some(7)),
            (r#""isVoice":true,"duration":0"#, Some(1)),
            (r#""isVoice":true"#, Some(1)),
            (r#""isVoice":true,"duration":1e12"#, Some(3600)),
            (r#""isVoice":1,"duration":7"#, None),
            (r#""isVoice":"true""#, None),
            (r#""duration":7"#, None),
        ] {
            let text = format!(r#"{{"fileName":"a","fileSize":1,"totalChunks":1,{said}}}"#);
            assert_eq!(parse(&text).unwrap().voice_seconds, seconds, "{said}");
        }
    }

    #[test]
    fn a_thumbnail_is_a_picture_or_nothing() {
        let with = |bytes: &[u8]| {
            let entries: Vec<String> = bytes.iter().enumerate().map(|(i, b)| format!(r#""{i}":{b}"#)).collect();
            let text = format!(
                r#"{{"fileName":"a","fileSize":1,"totalChunks":1,"thumbnail":{{{}}}}}"#,
                entries.join(",")
            );
            parse(&text).unwrap().thumbnail.map(|bin| bin.0)
        };
        let jpeg = [&[0xff, 0xd8, 0xff][..], &[7; 20]].concat();
        assert_eq!(with(&jpeg), Some(jpeg));
        assert_eq!(with(b"<svg onload=alert(1)>"), None);
        assert_eq!(with(b""), None);
    }

    #[test]
    fn ours_is_read_again() {
        let ivs = vec![[1; 12], [2; 12]];
        let ours = Metadata {
            name: "\u{e4}.webm".into(),
            mime: "audio/webm".into(),
            chunking: Chunking::new(70_000).unwrap(),
            voice_seconds: Some(3),
            thumbnail: None,
            ivs: Some(ivs.clone()),
        };
        let again = Metadata::parse(&ours.encode("t"), "t").unwrap();
        assert_eq!(
            (again.name, again.mime, again.chunking),
            (ours.name, ours.mime, ours.chunking)
        );
        assert_eq!((again.voice_seconds, again.ivs), (Some(3), Some(ivs)));
    }
}
