//! Chance that can be repeated: the same seed gives the same people for ever.
//!
//! SplitMix64 (Steele, Lea, Flood 2014) in ten lines rather than the `rand` crate, which does
//! not promise the same values in its next version; and it starts anywhere, so that person
//! 5,000,000 needs nothing of the ones before.

pub(super) struct Dice(u64);

impl Dice {
    /// The dice for one purpose (`salt`) of the thing numbered `index`.
    pub(super) fn new(seed: u64, index: u64, salt: u64) -> Dice {
        let mut dice = Dice(seed ^ salt.rotate_left(32));
        let start = dice.roll();
        Dice(start ^ Dice(index).roll())
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `n` - 1. The bias of the remainder is negligible here.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        (self.roll() % u64::from(n.max(1))) as u32
    }

    /// One of the words of a text.
    pub(super) fn word<'a>(&mut self, words: &'a str) -> &'a str {
        let at = self.below(words.split_whitespace().count() as u32);
        words
            .split_whitespace()
            .nth(at as usize)
            .unwrap_or_default()
    }

    /// One of `items`, each as likely as its weight.
    pub(super) fn weighted<'a, T>(&mut self, items: &'a [T], weight: fn(&T) -> u32) -> &'a T {
        let mut left = self.below(items.iter().map(weight).sum());
        for item in items {
            match left.checked_sub(weight(item)) {
                Some(rest) => left = rest,
                None => return item,
            }
        }
        &items[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_its_published_values() {
        let mut dice = Dice(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| dice.roll()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Dice::new(1, 2, 3);
        let heavy = (0..1000)
            .filter(|_| *dice.weighted(&[1, 9], |w| *w) == 9)
            .count();
        assert!((850..950).contains(&heavy), "{heavy}");
    }
}
