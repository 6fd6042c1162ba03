//! Scores over a mask, and the baselines every estimate is shown beside.
