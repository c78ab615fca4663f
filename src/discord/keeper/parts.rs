//! The shards in parts, and who of all copies runs which, as the leases say.

use std::{collections::BTreeMap, fmt};

use crate::{discord::gateway::Shards, store::Lease};

/// A part of all shards: the `number`th, from 1, `of` so many, where there are `total` shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) of: u32,
    pub(super) total: u32,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} of {}", self.number, self.of, self.total)
    }
}

impl Part {
    /// The lease of whoever runs it or begins to.
    pub(super) fn lease(&self) -> String {
        format!("shards {self}")
    }

    /// The lease of whoever runs it and has all of its shards connected.
    pub(super) fn ready(&self) -> String {
        format!("ready {self}")
    }

    /// Its shards.
    pub(super) fn shards(&self) -> Shards {
        let begin = |number: u32| (u64::from(self.total) * u64::from(number) / u64::from(self.of)) as u32;
        Shards { first: begin(self.number - 1), last: begin(self.number) - 1, total: self.total }
    }

    fn parse(text: &str) -> Option<Self> {
        let (part, total) = text.split_once(" of ")?;
        let (number, of) = part.split_once('/')?;
        let part = Self { number: number.parse().ok()?, of: of.parse().ok()?, total: total.parse().ok()? };
        (part.number > 0 && part.number <= part.of && part.of <= part.total).then_some(part)
    }
}

/// The lease of a copy that shares in the parts.
pub(super) fn copy(me: u64) -> String {
    format!("copy {me}")
}

/// How the parts are shared out.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// The copies that share in them, and how many parts each has.
    pub(super) copies: BTreeMap<u64, usize>,
    /// Who has a part.
    pub(super) held: BTreeMap<Part, u64>,
    /// Who has a part with all of its shards connected.
    pub(super) ready: BTreeMap<Part, u64>,
}

impl Scene {
    /// What the leases say.
    pub(super) fn read(leases: &[Lease]) -> Self {
        let mut scene = Self::default();
        for Lease { name, holder } in leases {
            match name.split_once(' ') {
                Some(("copy", _)) => _ = scene.copies.insert(*holder, 0),
                Some(("shards", part)) => scene.held.extend(Part::parse(part).map(|part| (part, *holder))),
                Some(("ready", part)) => scene.ready.extend(Part::parse(part).map(|part| (part, *holder))),
                _ => {}
            }
        }
        for holder in scene.held.values() {
            if let Some(count) = scene.copies.get_mut(holder) {
                *count += 1;
            }
        }
        scene
    }

    /// The parts there are. Where some are run already, all follow those: Discord may recommend another number meanwhile, and two
    /// ways to share out would leave some servers out and run others twice.
    pub(super) fn parts(&self, of: u32, total: u32) -> impl Iterator<Item = Part> + use<> {
        let (of, total) = self.held.keys().next().map_or((of.min(total), total), |part| (part.of, part.total));
        (1..=of).map(move |number| Part { number, of, total })
    }

    /// A part that nobody has.
    pub(super) fn free(&self, of: u32, total: u32) -> Option<Part> {
        self.parts(of, total).find(|part| !self.held.contains_key(part))
    }

    /// Whether it is for this copy to take a part: no other has fewer.
    pub(super) fn takes(&self, me: u64) -> bool {
        let own = self.copies.get(&me);
        own.is_some_and(|own| self.copies.values().all(|count| count >= own))
    }

    /// Whether it is for this copy to give a part to another: that one has fewer by two or more, and no third has more to give.
    pub(super) fn gives(&self, me: u64) -> bool {
        let Some(own) = self.copies.get(&me) else { return false };
        let fewest = self.copies.values().min().unwrap_or(own);
        // Of those with equally many the first gives, so that not all do at once.
        let richest = self.copies.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)));
        *own >= fewest + 2 && richest.is_some_and(|(copy, _)| *copy == me)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(copies: &[u64], held: &[(u32, u64)]) -> Scene {
        let copies = copies.iter().map(|id| Lease { name: copy(*id), holder: *id });
        let held = held.iter().map(|(number, holder)| {
            let name = Part { number: *number, of: 4, total: 10 }.lease();
            Lease { name, holder: *holder }
        });
        Scene::read(&copies.chain(held).collect::<Vec<_>>())
    }

    #[test]
    fn parts_cover_each_shard_once() {
        for (of, total) in [(1, 1), (4, 10), (3, 3), (7, 100), (16, 4_000_000_000)] {
            let parts: Vec<Part> = Scene::default().parts(of, total).collect();
            assert_eq!(parts.len(), of as usize);
            assert_eq!((parts[0].shards().first, parts[parts.len() - 1].shards().last), (0, total - 1));
            for pair in parts.windows(2) {
                assert_eq!(pair[0].shards().last + 1, pair[1].shards().first, "{of} of {total}");
            }
            for part in parts {
                assert_eq!(Part::parse(&part.to_string()), Some(part));
            }
        }
        assert_eq!(Scene::default().parts(8, 3).count(), 3, "no part is empty");
        for wrong in ["", "1/2", "0/2 of 4", "3/2 of 4", "1/4 of 2", "x/2 of 4"] {
            assert_eq!(Part::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_run_already_decides_how_shards_are_shared_out() {
        let scene = scene(&[1], &[(2, 1)]);
        assert_eq!(scene.free(7, 12), Some(Part { number: 1, of: 4, total: 10 }));
    }

    /// Lets copies take and give until nothing moves any more; how many parts each then has.
    fn settled(copies: &[u64], mut held: Vec<(u32, u64)>) -> Vec<usize> {
        for _ in 0..20 {
            let now = scene(copies, &held);
            let (taker, giver) = (copies.iter().find(|id| now.takes(**id)), copies.iter().find(|id| now.gives(**id)));
            match (now.free(4, 10), taker, giver) {
                (Some(part), Some(taker), _) => held.push((part.number, *taker)),
                (None, _, Some(giver)) => {
                    let at = held.iter().rposition(|(_, holder)| holder == giver).expect("it has some");
                    held.remove(at);
                }
                _ => return now.copies.values().copied().collect(),
            }
        }
        panic!("it never settles: {held:?}");
    }

    #[test]
    fn parts_are_shared_out_evenly_and_then_stay() {
        assert_eq!(settled(&[1], vec![]), [4]);
        assert_eq!(settled(&[1, 2], vec![]), [2, 2]);
        assert_eq!(settled(&[1, 2, 3], vec![(1, 1), (2, 1), (3, 2), (4, 2)]), [1, 2, 1], "a copy that comes later gets one");
        assert_eq!(settled(&[1, 2, 3], vec![(1, 3), (2, 3), (3, 3), (4, 3)]), [1, 1, 2]);
        assert_eq!(settled(&[1, 2, 3, 4, 5], vec![(1, 1), (2, 2), (3, 3), (4, 4)]), [1, 1, 1, 1, 0], "the fifth stands by");
        assert_eq!(settled(&[2, 3], vec![(3, 2), (4, 3), (1, 9)]), [2, 1], "what a dead copy has is free when its time is up");
    }

    #[test]
    fn one_gives_at_a_time() {
        let scene = scene(&[5, 6, 7], &[(1, 5), (2, 5), (3, 6), (4, 6)]);
        assert_eq!([5, 6, 7].map(|id| scene.gives(id)), [true, false, false]);
        assert_eq!([5, 6, 7, 8].map(|id| scene.takes(id)), [false, false, true, false], "8 does not share");
    }
}
