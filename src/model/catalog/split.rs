//! Splitting a length into clips that a model can make: the fewest, then the least waste, then the longest first.

/// The lengths of the clips, or nothing when no clip is possible.
pub(super) fn split(total_s: u32, lengths: &[u32]) -> Option<Vec<u32>> {
    let longest = lengths.iter().copied().max().filter(|longest| *longest > 0)?;
    let count = total_s.max(1).div_ceil(longest) as usize;
    let most = total_s.max(1) as usize + longest as usize;
    // reachable[n][s]: n clips can be s seconds long together.
    let mut reachable = vec![vec![false; most + 1]; count + 1];
    if let Some(start) = reachable.first_mut().and_then(|sums| sums.first_mut()) {
        *start = true;
    }
    let can = |reachable: &[Vec<bool>], clips: usize, sum: usize| {
        reachable.get(clips).and_then(|sums| sums.get(sum)).copied().unwrap_or(false)
    };
    for clips in 1..=count {
        for sum in 0..=most {
            let found = lengths.iter().any(|length| {
                *length > 0
                    && sum.checked_sub(*length as usize).is_some_and(|rest| can(&reachable, clips - 1, rest))
            });
            if found && let Some(cell) = reachable.get_mut(clips).and_then(|sums| sums.get_mut(sum)) {
                *cell = true;
            }
        }
    }
    let mut rest = (total_s as usize..=most).find(|sum| can(&reachable, count, *sum))?;
    let mut descending: Vec<u32> = lengths.iter().copied().filter(|length| *length > 0).collect();
    descending.sort_unstable_by(|a, b| b.cmp(a));
    let mut clips = Vec::with_capacity(count);
    for left in (0..count).rev() {
        let next = descending.iter().copied().find(|length| {
            rest.checked_sub(*length as usize).is_some_and(|after| can(&reachable, left, after))
        })?;
        rest -= next as usize;
        clips.push(next);
    }
    Some(clips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewest_then_least_waste_then_longest_first() {
        for (total, lengths, clips) in [
            (30, vec![4, 6, 8], vec![8, 8, 8, 6]),
            (30, vec![5, 10, 15], vec![15, 15]),
            (31, vec![4, 6, 8], vec![8, 8, 8, 8]),
            (30, vec![8], vec![8, 8, 8, 8]),
            (10, vec![4, 6, 8], vec![6, 4]),
            (9, vec![4, 6, 8], vec![6, 4]),
            (12, vec![8, 4, 6], vec![8, 4]),
            (5, vec![4, 6, 8], vec![6]),
            (1, vec![4, 6, 8], vec![4]),
            (30, vec![3, 4, 5, 6, 7, 8, 9, 10], vec![10, 10, 10]),
            (11, vec![3, 4, 5, 6, 7, 8, 9, 10], vec![8, 3]),
            (30, vec![5], vec![5; 6]),
            (17, vec![5, 10, 15], vec![15, 5]),
        ] {
            assert_eq!(split(total, &lengths), Some(clips), "{total} of {lengths:?}");
        }
        assert_eq!(split(30, &[]), None);
        assert_eq!(split(30, &[0]), None);
        assert_eq!(split(600, &[4, 6, 8]).unwrap().len(), 75);
    }

    /// Every multiset of that many lengths, longest first, by brute force.
    fn all(lengths: &[u32], count: usize) -> Vec<Vec<u32>> {
        if count == 0 {
            return vec![vec![]];
        }
        let longer = |rest: &Vec<u32>, first: u32| rest.first().is_none_or(|next| *next <= first);
        let with = |first: u32| {
            let rests = all(lengths, count - 1).into_iter().filter(move |rest| longer(rest, first));
            rests.map(move |rest| [vec![first], rest].concat())
        };
        lengths.iter().flat_map(|first| with(*first)).collect()
    }

    #[test]
    fn nothing_better_exists() {
        for lengths in [vec![4, 6, 8], vec![5, 10, 15], vec![3, 7], vec![5], vec![2, 9, 10]] {
            for total in 1..=38_u32 {
                let longest = *lengths.iter().max().unwrap();
                let count = total.div_ceil(longest) as usize;
                if count > 5 {
                    continue;
                }
                let best = all(&lengths, count)
                    .into_iter()
                    .filter(|clips| clips.iter().sum::<u32>() >= total)
                    .min_by_key(|clips| (clips.iter().sum::<u32>(), std::cmp::Reverse(clips.clone())));
                assert_eq!(split(total, &lengths), best, "{total} of {lengths:?}");
            }
        }
    }
}
