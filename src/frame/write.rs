//! Writing typed data as MessagePack: named fields, the shortest integers.
//!
//! A serializer of our own, because `rmp-serde` generates its encoder anew for every type and every kind of list in it.

use core::fmt;

use rmp::encode;
use serde::{ser, Serialize, Serializer};

/// What MessagePack cannot say, or not within its lengths.
#[derive(Debug)]
pub(crate) struct NotEncodable;

impl fmt::Display for NotEncodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not encodable")
    }
}

impl core::error::Error for NotEncodable {}

impl ser::Error for NotEncodable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Result<T = ()> = core::result::Result<T, NotEncodable>;

/// `value` as MessagePack.
///
/// # Errors
/// [`NotEncodable`] for lists of unknown length, more than 2^32 items or bytes, and enums with data.
pub(crate) fn to_vec(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut writer = Writer(Vec::new());
    value.serialize(&mut writer)?;
    Ok(writer.0)
}

struct Writer(Vec<u8>);

impl Writer {
    #[inline(never)]
    fn unsigned(&mut self, value: u64) -> Result {
        encode::write_uint(&mut self.0, value).map_or(Err(NotEncodable), |_| Ok(()))
    }

    #[inline(never)]
    fn signed(&mut self, value: i64) -> Result {
        encode::write_sint(&mut self.0, value).map_or(Err(NotEncodable), |_| Ok(()))
    }

    #[inline(never)]
    fn text(&mut self, value: &str) -> Result {
        length(value.len())?;
        encode::write_str(&mut self.0, value).map_err(|_| NotEncodable)
    }

    #[inline(never)]
    fn bytes(&mut self, value: &[u8]) -> Result {
        length(value.len())?;
        encode::write_bin(&mut self.0, value).map_err(|_| NotEncodable)
    }

    #[inline(never)]
    fn list(&mut self, items: usize) -> Result {
        encode::write_array_len(&mut self.0, length(items)?).map_or(Err(NotEncodable), |_| Ok(()))
    }

    #[inline(never)]
    fn map(&mut self, entries: usize) -> Result {
        encode::write_map_len(&mut self.0, length(entries)?).map_or(Err(NotEncodable), |_| Ok(()))
    }
}

fn length(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| NotEncodable)
}

impl Serializer for &mut Writer {
    type Ok = ();
    type Error = NotEncodable;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = ser::Impossible<(), NotEncodable>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = ser::Impossible<(), NotEncodable>;

    fn serialize_bool(self, value: bool) -> Result {
        encode::write_bool(&mut self.0, value).map_err(|_| NotEncodable)
    }
    fn serialize_i8(self, value: i8) -> Result {
        self.signed(value.into())
    }
    fn serialize_i16(self, value: i16) -> Result {
        self.signed(value.into())
    }
    fn serialize_i32(self, value: i32) -> Result {
        self.signed(value.into())
    }
    fn serialize_i64(self, value: i64) -> Result {
        self.signed(value)
    }
    fn serialize_u8(self, value: u8) -> Result {
        self.unsigned(value.into())
    }
    fn serialize_u16(self, value: u16) -> Result {
        self.unsigned(value.into())
    }
    fn serialize_u32(self, value: u32) -> Result {
        self.unsigned(value.into())
    }
    fn serialize_u64(self, value: u64) -> Result {
        self.unsigned(value)
    }
    fn serialize_f32(self, value: f32) -> Result {
        encode::write_f32(&mut self.0, value).map_err(|_| NotEncodable)
    }
    fn serialize_f64(self, value: f64) -> Result {
        encode::write_f64(&mut self.0, value).map_err(|_| NotEncodable)
    }
    fn serialize_char(self, value: char) -> Result {
        self.text(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Result {
        self.text(value)
    }
    fn serialize_bytes(self, value: &[u8]) -> Result {
        self.bytes(value)
    }
    fn serialize_none(self) -> Result {
        self.serialize_unit()
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result {
        encode::write_nil(&mut self.0).map_err(|_| NotEncodable)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.text(variant)
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result {
        Err(NotEncodable)
    }
    fn serialize_seq(self, items: Option<usize>) -> Result<Self> {
        self.list(items.ok_or(NotEncodable)?)?;
        Ok(self)
    }
    fn serialize_tuple(self, items: usize) -> Result<Self> {
        self.list(items)?;
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, items: usize) -> Result<Self> {
        self.list(items)?;
        Ok(self)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(NotEncodable)
    }
    fn serialize_map(self, entries: Option<usize>) -> Result<Self> {
        self.map(entries.ok_or(NotEncodable)?)?;
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, fields: usize) -> Result<Self> {
        self.map(fields)?;
        Ok(self)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(NotEncodable)
    }
}

/// What follows a list's or map's length is its contents, one after the other.
macro_rules! contents {
    ($($trait:ident :: $method:ident,)+) => {$(
        impl ser::$trait for &mut Writer {
            type Ok = ();
            type Error = NotEncodable;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result {
                value.serialize(&mut **self)
            }
            fn end(self) -> Result {
                Ok(())
            }
        }
    )+};
}

contents! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
}

impl ser::SerializeMap for &mut Writer {
    type Ok = ();
    type Error = NotEncodable;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result {
        key.serialize(&mut **self)
    }
    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result {
        value.serialize(&mut **self)
    }
    fn end(self) -> Result {
        Ok(())
    }
}

impl ser::SerializeStruct for &mut Writer {
    type Ok = ();
    type Error = NotEncodable;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result {
        self.text(key)?;
        value.serialize(&mut **self)
    }
    fn end(self) -> Result {
        Ok(())
    }
}
