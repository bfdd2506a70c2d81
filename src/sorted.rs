//! Maps and sets of a few hundred entries, and sorting of short lists, in little code.
//!
//! The standard library's B-trees and sorts are made for any size, and each pair of types brings 5 to 10 kB of them into
//! the wasm file: together a fifth of it. What rooms keep is bounded and small; here it is a sorted `Vec`, searched by halves. Putting
//! something in or taking it out moves what lies behind it.

use core::{borrow::Borrow, cmp::Ordering};
use std::{collections::BinaryHeap, vec};

/// Sorts by insertion; what is equal keeps its order. For lists that are short or nearly sorted.
pub(crate) fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    for end in 1..items.len() {
        let mut at = end;
        while let Some([before, this]) = at.checked_sub(1).and_then(|start| items.get_mut(start..=at)) {
            if compare(before, this) != Ordering::Greater {
                break;
            }
            core::mem::swap(before, this);
            at = at.saturating_sub(1);
        }
    }
}

/// As [`sort_by`], by what `key` gives.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// In order, however many there are and in whatever order they come.
pub(crate) fn in_order<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    items.into_iter().collect::<BinaryHeap<T>>().into_sorted_vec()
}

/// A map, in the order of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortedMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> SortedMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> + ExactSizeIterator {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator + Clone {
        self.0.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.0.iter_mut().map(|(_, value)| value)
    }

    pub(crate) fn into_keys(self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator {
        self.0.into_iter().map(|(key, _)| key)
    }

    pub(crate) fn into_values(self) -> impl DoubleEndedIterator<Item = V> + ExactSizeIterator {
        self.0.into_iter().map(|(_, value)| value)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    /// Where `key` is, or where it would be.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Puts `value` in and returns what was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| core::mem::replace(old, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// What is under `key`, made by `make` if nothing is. Always something.
    pub(crate) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> Option<&mut V> {
        let at = match self.find(&key) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (key, make()));
                at
            }
        };
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Takes out everything from `key` on.
    pub(crate) fn split_off(&mut self, key: &K) -> Self {
        let (Ok(at) | Err(at)) = self.find(key);
        Self(self.0.split_off(at))
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Of a key that comes twice the last counts.
impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        // Not one by one: there may be thousands, in an order that somebody chose.
        let mut values = Vec::new();
        let keys = entries.into_iter().enumerate().map(|(index, (key, value))| {
            values.push(Some(value));
            (key, index)
        });
        let keys = in_order(keys);
        let mut map = Self::new();
        for (key, index) in keys {
            if let Some(value) = values.get_mut(index).and_then(Option::take) {
                map.0.pop_if(|(last, _)| *last == key);
                map.0.push((key, value));
            }
        }
        map
    }
}

#[cfg(test)]
impl<K: Ord, V> core::ops::Index<&K> for SortedMap<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).unwrap()
    }
}

/// A set, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SortedSet<T>(Vec<T>);

impl<T> SortedSet<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> SortedSet<T> {
    pub(crate) fn contains(&self, item: &T) -> bool {
        self.0.binary_search(item).is_ok()
    }

    /// Whether it was not there.
    pub(crate) fn insert(&mut self, item: T) -> bool {
        self.0
            .binary_search(&item)
            .map_err(|at| self.0.insert(at, item))
            .is_err()
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, item: &T) -> bool {
        self.0.binary_search(item).map(|at| self.0.remove(at)).is_ok()
    }
}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn any_map() -> impl Strategy<Value = Vec<(u8, u32)>> {
        prop::collection::vec(any::<(u8, u32)>(), 0..80)
    }

    proptest! {
        #[test]
        fn a_map_is_what_the_standard_librarys_is(entries in any_map(), steps: Vec<(u8, u8)>, at: u8) {
            let mut known: BTreeMap<u8, u32> = entries.iter().copied().collect();
            let mut map: SortedMap<u8, u32> = entries.iter().copied().collect();
            for (key, step) in steps {
                match step % 4 {
                    0 => prop_assert_eq!(map.insert(key, 7), known.insert(key, 7)),
                    1 => prop_assert_eq!(map.remove(&key), known.remove(&key)),
                    2 => prop_assert_eq!(*map.get_or_insert_with(key, || 9).unwrap(), *known.entry(key).or_insert(9)),
                    _ => {
                        map.retain(|known, _| *known != key);
                        known.retain(|known, _| *known != key);
                    }
                }
                prop_assert_eq!(map.get(&key), known.get(&key));
                prop_assert_eq!(map.get_mut(&key).copied(), known.get(&key).copied());
                prop_assert_eq!(map.contains_key(&key), known.contains_key(&key));
                prop_assert_eq!((map.len(), map.is_empty()), (known.len(), known.is_empty()));
            }
            prop_assert!(map.iter().eq(known.iter()) && map.keys().eq(known.keys()) && map.values().eq(known.values()));
            let (later, known_later) = (map.split_off(&at), known.split_off(&at));
            prop_assert!(later.into_iter().eq(known_later));
            prop_assert!(map.into_iter().eq(known));
        }

        #[test]
        fn a_set_is_what_the_standard_librarys_is(steps: Vec<(u8, bool)>) {
            let (mut set, mut known) = (SortedSet::default(), BTreeSet::new());
            for (item, put) in steps {
                if put {
                    prop_assert_eq!(set.insert(item), known.insert(item));
                } else {
                    prop_assert_eq!(set.remove(&item), known.remove(&item));
                }
                prop_assert_eq!(set.contains(&item), known.contains(&item));
            }
            prop_assert!(set.into_iter().eq(known));
        }

        #[test]
        fn lists_are_sorted_as_the_standard_library_sorts(mut items in any_map()) {
            let mut known = items.clone();
            known.sort();
            prop_assert_eq!(in_order(items.clone()), known);
            let mut known = items.clone();
            known.sort_by_key(|item| item.0);
            sort_by_key(&mut items, |item| item.0);
            prop_assert_eq!(items, known);
        }
    }
}
