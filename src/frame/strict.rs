//! Field types that accept one MessagePack type only, and lists that stop at their limit.
//!
//! Whatever they are read from: there are deserializers that hand a `bin` to a `String` and a `str` or an array to bytes.

use core::fmt;

use serde::{
    de::{self, SeqAccess, Visitor},
    Deserialize, Deserializer, Serialize, Serializer,
};

/// Bytes, always `bin` on the wire and a `Uint8Array` in JavaScript.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Bin(pub Vec<u8>);

impl Serialize for Bin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Bin;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Bin, E> {
                Ok(Bin(value.to_vec()))
            }
            fn visit_byte_buf<E: de::Error>(self, value: Vec<u8>) -> Result<Bin, E> {
                Ok(Bin(value))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// Bodies are ciphertext and tokens are secret: only the length is printed.
impl fmt::Debug for Bin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bin({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Bin {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Exactly `N` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FixedBin<const N: usize>(pub [u8; N]);

impl<const N: usize> Serialize for FixedBin<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de, const N: usize> Deserialize<'de> for FixedBin<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fixed<const N: usize>;
        impl<const N: usize> Visitor<'_> for Fixed<N> {
            type Value = FixedBin<N>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} bytes")
            }
            fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<FixedBin<N>, E> {
                value
                    .try_into()
                    .map(FixedBin)
                    .map_err(|_| E::invalid_length(value.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Fixed)
    }
}

/// A `str` of at most `LIMIT` bytes.
pub(crate) fn text<'de, const LIMIT: usize, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Text<const LIMIT: usize>;
    impl<const LIMIT: usize> Visitor<'_> for Text<LIMIT> {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a string of at most {LIMIT} bytes")
        }
        fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
            if value.len() > LIMIT {
                return Err(E::invalid_length(value.len(), &self));
            }
            Ok(value.to_owned())
        }
    }
    deserializer.deserialize_str(Text::<LIMIT>)
}

/// A list of at most `LIMIT` items; nothing is reserved ahead of what arrives.
pub(crate) fn list<'de, const LIMIT: usize, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct List<T, const LIMIT: usize>(core::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>, const LIMIT: usize> Visitor<'de> for List<T, LIMIT> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {LIMIT} items")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = seq.next_element()? {
                if items.len() == LIMIT {
                    return Err(de::Error::invalid_length(LIMIT, &self));
                }
                items.push(item);
            }
            Ok(items)
        }
    }
    deserializer.deserialize_seq(List::<T, LIMIT>(core::marker::PhantomData))
}
