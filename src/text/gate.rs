//! Which of many rows of patterns a text can hold at all, found from the words that the text has: so that a text costs what its own
//! words cost, however many rules there are.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Pattern, Reading, lexicon::Unit};

/// Something whose absence from a text closes a row: a class or a stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Atom {
    Class(u16),
    Stem(u32),
}

impl Atom {
    /// What a unit needs; `None` for those that any text may hold.
    pub(super) fn of(unit: &Unit) -> Option<Self> {
        match unit {
            Unit::Class(class) => Some(Self::Class(class.0)),
            Unit::Stem(stem) => Some(Self::Stem(stem.0)),
            Unit::Exact(_) | Unit::Prefix(_) => None,
        }
    }
}

/// The rows, by one clause of each: a text that has none of its atoms cannot hold the row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Gates {
    rows: usize,
    /// By atom, sorted: the rows that it opens.
    by_atom: Vec<(Atom, Vec<u32>)>,
    /// Rows that are always open.
    open: Vec<u32>,
}

impl Gates {
    /// Gates for rows of patterns: of each row all of the first must match, and one of the second, if there are any.
    pub fn new<'a>(rows: impl Iterator<Item = (&'a [Pattern], &'a [Pattern])>) -> Self {
        let clauses: Vec<Vec<Vec<Atom>>> = rows.map(|(all, any)| clauses(all, any)).collect();
        // An atom that many rows name is a word of many texts: the clause that tells most is the one with the rarest.
        let mut named: HashMap<Atom, usize> = HashMap::new();
        for atom in clauses.iter().flatten().flatten() {
            *named.entry(*atom).or_default() += 1;
        }
        let commonness = |clause: &Vec<Atom>| clause.iter().map(|a| named[a]).sum::<usize>();
        let mut by_atom: HashMap<Atom, Vec<u32>> = HashMap::new();
        let mut open = Vec::new();
        for (row, of_row) in (0_u32..).zip(&clauses) {
            match of_row.iter().min_by_key(|clause| commonness(clause)) {
                None => open.push(row),
                Some(clause) => clause.iter().for_each(|atom| by_atom.entry(*atom).or_default().push(row)),
            }
        }
        let mut by_atom: Vec<(Atom, Vec<u32>)> = by_atom.into_iter().collect();
        by_atom.sort_unstable();
        Self { rows: clauses.len(), by_atom, open }
    }

    /// The rows that a text may hold: one truth a row.
    pub fn open(&self, reading: &Reading) -> Vec<bool> {
        let mut open = vec![false; self.rows];
        for row in &self.open {
            open[*row as usize] = true;
        }
        let classes = reading.class_bits.iter().enumerate().filter(|(_, bits)| **bits != 0).flat_map(|(at, bits)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| Atom::Class((64 * at + bit) as u16))
        });
        for atom in classes.chain(reading.stems.iter().map(|s| Atom::Stem(s.0))) {
            if let Ok(at) = self.by_atom.binary_search_by_key(&atom, |(a, _)| *a) {
                for row in &self.by_atom[at].1 {
                    open[*row as usize] = true;
                }
            }
        }
        open
    }
}

/// What a text must have for a row: something of each clause.
fn clauses(all: &[Pattern], any: &[Pattern]) -> Vec<Vec<Atom>> {
    let mut clauses: Vec<Vec<Atom>> = all.iter().flat_map(Pattern::clauses).collect();
    // Where one of several patterns is enough, something of any of them is.
    let shortest = |p: &Pattern| p.clauses().into_iter().min_by_key(Vec::len);
    if let Some(each) = any.iter().map(shortest).collect::<Option<Vec<_>>>()
        && !each.is_empty()
    {
        clauses.push(each.concat());
    }
    clauses
}
